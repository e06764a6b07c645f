import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ask, Refused } from "~/api/client";
import type { Device, Menu, PairingShown } from "~/api/types";
import { messages } from "~/i18n";
import { timeOfDay } from "~/i18n/format";
import { menu } from "~/menu";
import { Button } from "~/parts/button";
import { Dialog } from "~/parts/dialog";
import { Choice, Field } from "~/parts/field";
import { withPassword } from "~/parts/password";
import { explain, wordedFields } from "~/parts/toasts";
import { managesBrand, venueId } from "~/session";

const CODE = /^[A-Z2-9]{8}$/;

/** Letting a device in: its code, what waits under it, and where it is to stand. */
export function ApproveDevice({ onClose, onApproved }: { onClose: () => void; onApproved: (device: Device) => void }): JSX.Element {
  const { setup } = messages();
  const [found, setFound] = useState<PairingShown | null>(null);
  return (
    <Dialog title={setup.devices.approve} onClose={onClose} testId="approve-dialog">
      {found === null ? <EnterCode onFound={setFound} /> : <Place pairing={found} onApproved={onApproved} />}
    </Dialog>
  );
}

function EnterCode({ onFound }: { onFound: (found: PairingShown) => void }): JSX.Element {
  const { setup } = messages();
  const [code, setCode] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    const plain = code.replace(/[\s-]/g, "").toUpperCase();
    if (!CODE.test(plain)) {
      setProblem(setup.devices.codeForm);
      return;
    }
    setBusy(true);
    try {
      onFound(await withPassword(() => ask<PairingShown>("GET", `/hub/v1/pairings/${plain}`)));
    } catch (error) {
      setProblem(error instanceof Refused && error.status === 404 ? setup.devices.codeUnknown : explain(error));
      setBusy(false);
    }
  }

  return (
    <form class="panel setup-code" onSubmit={(event) => void submit(event)}>
      <p>{setup.devices.codeText}</p>
      <Field label={setup.devices.code} value={code} onInput={setCode} error={problem} autofocus maxLength={12} placeholder="ABCD 2345" testId="code" />
      <Button type="submit" look="primary" busy={busy} testId="code-next">
        {setup.devices.lookUp}
      </Button>
    </form>
  );
}

/** The tills of a venue. */
function tillsAt(venue: number): Menu["terminals"] {
  return (menu.value?.terminals ?? []).filter((one) => one.venue_id === venue);
}

/** What a till is usually let in as: a new one (0), or the first there is for whoever may not make new ones. */
function usualTill(venue: number): number {
  return managesBrand.value ? 0 : (tillsAt(venue)[0]?.id ?? 0);
}

function Place({ pairing, onApproved }: { pairing: PairingShown; onApproved: (device: Device) => void }): JSX.Element {
  const { setup } = messages();
  const known = menu.value;
  const kitchen = pairing.kind === "kitchen";
  const [venue, setVenue] = useState(venueId.value ?? known?.venues[0]?.id ?? 0);
  const [name, setName] = useState("");
  const [terminal, setTerminal] = useState(() => usualTill(venue));
  const [station, setStation] = useState(0);
  const [errors, setErrors] = useState<ReadonlyMap<string, string>>(new Map());
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  function chooseOther(id: number): void {
    setVenue(id);
    setTerminal(usualTill(id));
  }

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (name.trim() === "") {
      setErrors(new Map([["name", setup.form.required]]));
      return;
    }
    const body = { venue_id: venue, kind: pairing.kind, name: name.trim(), terminal_id: kitchen ? null : terminal || null, station_id: kitchen ? station || null : null };
    setBusy(true);
    try {
      onApproved(await withPassword(() => ask<Device>("POST", `/hub/v1/pairings/${pairing.code}/approve`, { body })));
    } catch (error) {
      const told = wordedFields(error);
      setErrors(told);
      setProblem(told.has("name") ? null : explain(error));
      setBusy(false);
    }
  }

  return (
    <form class="panel" onSubmit={(event) => void submit(event)}>
      <dl class="setup-facts" data-testid="pairing-facts">
        <dt>{setup.devices.kind}</dt>
        <dd>{kitchen ? setup.devices.kitchen : setup.devices.till}</dd>
        <dt>{setup.devices.address}</dt>
        <dd>{pairing.address}</dd>
        <dt>{setup.devices.askedAt}</dt>
        <dd>{timeOfDay(pairing.created_at)}</dd>
        <dt>{setup.devices.browser}</dt>
        <dd class="setup-agent">{pairing.user_agent}</dd>
      </dl>
      <Choice label={setup.stations.venue} value={venue} options={(known?.venues ?? []).map((one) => ({ value: one.id, text: one.name }))} onChange={chooseOther} testId="place-venue" />
      <Field label={setup.devices.name} value={name} onInput={setName} hint={setup.devices.nameHint} error={errors.get("name") ?? null} autofocus maxLength={60} testId="place-name" />
      {kitchen ? (
        <Choice
          label={setup.menu.station}
          value={station}
          options={[{ value: 0, text: setup.devices.everyStation }, ...(known?.stations ?? []).map((one) => ({ value: one.id, text: one.name }))]}
          onChange={setStation}
          testId="place-station"
        />
      ) : (
        <Choice
          label={setup.devices.terminal}
          value={terminal}
          options={[
            // A till that does not exist yet is a change to the brand.
            ...(managesBrand.value ? [{ value: 0, text: setup.devices.newTerminal }] : []),
            ...tillsAt(venue).map((one) => ({ value: one.id, text: one.name })),
          ]}
          onChange={setTerminal}
          testId="place-terminal"
        />
      )}
      {problem !== null && (
        <p class="setup-note is-bad" role="alert">
          {problem}
        </p>
      )}
      <Button type="submit" look="primary" busy={busy} testId="place-approve">
        {setup.devices.letIn}
      </Button>
    </form>
  );
}
