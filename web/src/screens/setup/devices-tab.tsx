import { ChefHat, MonitorSmartphone, Plus, Unplug } from "lucide";
import type { JSX } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ask, Refused } from "~/api/client";
import type { Device } from "~/api/types";
import { messages } from "~/i18n";
import { dayAndTime } from "~/i18n/format";
import { menu } from "~/menu";
import { Button } from "~/parts/button";
import { Dialog } from "~/parts/dialog";
import { Empty } from "~/parts/empty";
import { Icon } from "~/parts/icon";
import { withPassword } from "~/parts/password";
import { toast, toastError } from "~/parts/toasts";
import { board } from "~/sync/board";
import { ApproveDevice } from "./approve-device";
import { useLoaded, type Loaded } from "./resources";
import { Terminals } from "./terminals";
import { Unread } from "./unread";

const REFRESH_MS = 15_000;

/** Tills and kitchen screens: which there are, which are there just now, letting one in, throwing one out. */
export function DevicesTab(): JSX.Element {
  const { common, setup } = messages();
  const devices = useDevices();
  const [revoking, setRevoking] = useState<Device | null>(null);

  async function revoke(device: Device): Promise<void> {
    setRevoking(null);
    try {
      await withPassword(() => ask("DELETE", `/hub/v1/admin/devices/${device.id}`));
      toast(setup.devices.revoked(device.name));
      devices.reload();
    } catch (error) {
      toastError(error);
    }
  }

  return (
    <>
      <div class="setup-list-head">
        <p class="setup-lead">{setup.devices.lead}</p>
        <LetIn onApproved={devices.reload} />
      </div>
      {isLocked(devices.error) && (
        <div class="setup-note is-new" role="status" data-testid="devices-locked">
          <p>{common.passwordNeeded}</p>
          <Button onClick={devices.reload} testId="devices-again">
            {common.retry}
          </Button>
        </div>
      )}
      <Devices loaded={devices} onRevoke={setRevoking} />
      <section class="setup-block" aria-labelledby="setup-terminals">
        <h2 id="setup-terminals">{setup.devices.tills}</h2>
        <p class="setup-lead">{setup.devices.tillsLead}</p>
        <Terminals />
      </section>
      {revoking && (
        <Dialog
          title={setup.devices.revokeTitle(revoking.name)}
          onClose={() => setRevoking(null)}
          foot={
            <>
              <Button onClick={() => setRevoking(null)}>{common.cancel}</Button>
              <Button look="bad-strong" onClick={() => void revoke(revoking)} testId="revoke-confirm">
                {setup.devices.revoke}
              </Button>
            </>
          }
        >
          <p>{setup.devices.revokeText}</p>
        </Dialog>
      )}
    </>
  );
}

/** Lets a device in that shows a code; managers of some venues do so there. */
export function LetIn({ onApproved }: { onApproved: () => void }): JSX.Element {
  const { setup } = messages();
  const [approving, setApproving] = useState(false);
  return (
    <>
      <Button look="primary" icon={Plus} onClick={() => setApproving(true)} testId="approve-device">
        {setup.devices.approve}
      </Button>
      {approving && (
        <ApproveDevice
          onClose={() => setApproving(false)}
          onApproved={(device) => {
            setApproving(false);
            toast(setup.devices.approved(device.name));
            onApproved();
          }}
        />
      )}
    </>
  );
}

/** The devices, looked at again from time to time; only people are asked for a password, and only for what they do. */
function useDevices(): Loaded<Device> {
  const plainly = useRef(false);
  const loaded = useLoaded(useCallback(() => (plainly.current ? readDevices() : withPassword(readDevices)), []));
  // While the first reading waits for the password, or the password is needed again, nothing is looked at.
  const resting = isLocked(loaded.error) || (loaded.items === null && loaded.error === null);
  const again = (byItself: boolean): void => {
    plainly.current = byItself;
    loaded.reload();
  };
  useEffect(() => {
    if (resting) return;
    const timer = setInterval(() => again(true), REFRESH_MS);
    return () => clearInterval(timer);
  }, [resting]);
  return { ...loaded, reload: () => again(false) };
}

function readDevices(): Promise<Device[]> {
  return ask<Device[]>("GET", "/hub/v1/admin/devices");
}

function isLocked(error: unknown): boolean {
  return error instanceof Refused && error.code === "password_needed";
}

function Devices({ loaded, onRevoke }: { loaded: Loaded<Device>; onRevoke: (device: Device) => void }): JSX.Element | null {
  const { setup } = messages();
  if (loaded.items === null && isLocked(loaded.error)) return null;
  if (loaded.items === null) return <Unread error={loaded.error} onRetry={loaded.reload} />;
  const devices = loaded.items.filter((device) => device.enabled);
  if (devices.length === 0) return <Empty icon={MonitorSmartphone}>{setup.devices.none}</Empty>;
  return (
    <ul class="setup-rows card">
      {devices.map((device) => (
        <DeviceRow key={device.id} device={device} onRevoke={() => onRevoke(device)} />
      ))}
    </ul>
  );
}

function DeviceRow({ device, onRevoke }: { device: Device; onRevoke: () => void }): JSX.Element {
  const { setup } = messages();
  const present = board.value.devices.get(device.id) ?? device.present;
  const venue = menu.value?.venues.find((one) => one.id === device.venue_id)?.name ?? `#${device.venue_id}`;
  const station = device.station_id === null ? null : menu.value?.stations.find((one) => one.id === device.station_id)?.name;
  const kind = device.kind === "kitchen" ? setup.devices.kitchen : setup.devices.till;
  const since = device.paired_at === null ? setup.devices.byToken : setup.devices.pairedAt(dayAndTime(device.paired_at));
  return (
    <li class="setup-row is-still" data-testid={`device-${device.id}`}>
      <Icon of={device.kind === "kitchen" ? ChefHat : MonitorSmartphone} />
      <span class="setup-row-words">
        <strong>{device.name}</strong>
        <span>{[kind, venue, station, since].filter(Boolean).join(" · ")}</span>
      </span>
      {present === null ? (
        <span class="chip">{setup.devices.notSeen}</span>
      ) : present ? (
        <span class="chip is-ready">{setup.devices.present}</span>
      ) : (
        <span class="chip is-bad">{device.seen_at === null ? setup.devices.absent : setup.devices.absentSince(dayAndTime(device.seen_at))}</span>
      )}
      <Button look="bad" icon={Unplug} onClick={onRevoke} testId={`revoke-${device.id}`}>
        {setup.devices.revoke}
      </Button>
    </li>
  );
}
