import { Lock, LockOpen, MonitorSmartphone, Printer, ShieldCheck } from "lucide";
import type { IconNode } from "lucide";
import type { ComponentChildren, JSX } from "preact";
import { useCallback } from "preact/hooks";
import { ask } from "~/api/client";
import type { Device } from "~/api/types";
import { messages } from "~/i18n";
import { Icon } from "~/parts/icon";
import { withPassword } from "~/parts/password";
import { explainReading } from "~/parts/toasts";
import { hello } from "~/session";
import { board } from "~/sync/board";
import { useLatePapers } from "~/sync/late-papers";
import { DemoSwitch } from "./demo-switch";
import { useKind, useLoaded } from "./resources";

/** How the house is: what is connected, what needs somebody, whether the line is encrypted. */
export function OverviewTab(): JSX.Element {
  const { setup } = messages();
  const devices = useLoaded(useCallback(() => withPassword(() => ask<Device[]>("GET", "/hub/v1/admin/devices")), []));
  const printers = useKind("printers");
  const paired = (devices.items ?? []).filter((device) => device.enabled && device.paired_at !== null);
  const present = paired.filter((device) => board.value.devices.get(device.id) ?? device.present);
  const uncertain = board.value.printJobs.size;
  const late = useLatePapers().reduce((sum, one) => sum + one.papers, 0);
  const secure = hello.value?.secure === true;
  return (
    <>
      <div class="setup-tiles">
        <Tile icon={MonitorSmartphone} good={present.length === paired.length} title={setup.overview.devices} href="/setup?tab=devices" testId="tile-devices">
          {devices.items === null ? unread(devices) : paired.length === 0 ? setup.overview.noDevices : setup.overview.present(present.length, paired.length)}
        </Tile>
        <Tile icon={Printer} good={uncertain + late === 0} title={setup.overview.printers} href={uncertain + late === 0 ? "/setup?tab=stations" : "/board"} testId="tile-printers">
          {uncertain > 0
            ? setup.overview.uncertain(uncertain)
            : late > 0
              ? setup.overview.late(late)
              : printers.items === null
              ? unread(printers)
              : setup.overview.printersKnown(printers.items.filter((printer) => printer.active).length)}
        </Tile>
        <Tile icon={secure ? Lock : LockOpen} good={secure} title={setup.overview.encryption} testId="tile-https">
          {secure ? setup.overview.secure : setup.overview.insecure}
        </Tile>
      </div>
      <Trust secure={secure} />
      {hello.value?.demo && <DemoSwitch />}
    </>
  );
}

/** What stands for what could not be read, or not yet. */
function unread(loaded: { error: unknown }): string {
  return loaded.error === null ? "…" : explainReading(loaded.error);
}

function Tile(props: { icon: IconNode; good: boolean; title: string; href?: string; testId: string; children: ComponentChildren }): JSX.Element {
  const inside = (
    <>
      <span class={props.good ? "setup-tile-sign is-good" : "setup-tile-sign is-warning"}>
        <Icon of={props.icon} />
      </span>
      <span class="setup-tile-words">
        <strong>{props.title}</strong>
        <span>{props.children}</span>
      </span>
    </>
  );
  return props.href === undefined ? (
    <div class="setup-tile card" data-testid={props.testId}>
      {inside}
    </div>
  ) : (
    <a class="setup-tile card" href={props.href} data-testid={props.testId}>
      {inside}
    </a>
  );
}

/** How a device comes to trust the house's own authority. */
function Trust({ secure }: { secure: boolean }): JSX.Element {
  const { setup } = messages();
  const ca = hello.value?.ca_available === true;
  const texts = setup.overview.trust;
  return (
    <section class="setup-section card" aria-labelledby="setup-trust">
      <h2 id="setup-trust">
        <Icon of={ShieldCheck} /> {texts.title}
      </h2>
      <p>{secure ? (ca ? texts.secure : texts.public) : texts.insecure}</p>
      {!ca && !secure && (
        <>
          <p>{texts.commands}</p>
          <pre class="setup-command">{"comanda tls init --host comanda.local --host 192.168.1.10\ncomanda serve --tls-cert … --tls-key …"}</pre>
        </>
      )}
      {ca && (
        <>
          <a class="button is-primary setup-download" href="/hub/v1/tls/ca.crt" download="comanda-ca.crt" data-testid="ca-download">
            {texts.download}
          </a>
          <p>
            {texts.compare} <code class="setup-fingerprint" data-testid="ca-fingerprint">{hello.value?.ca_fingerprint}</code>
          </p>
          <div class="setup-steps">
            {(["android", "ipad", "windows"] as const).map((system) => (
              <details key={system} class="setup-details">
                <summary>{texts[system].name}</summary>
                <ol>
                  {texts[system].steps.map((step) => (
                    <li key={step}>{step}</li>
                  ))}
                </ol>
              </details>
            ))}
          </div>
        </>
      )}
    </section>
  );
}
