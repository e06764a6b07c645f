import { History } from "lucide";
import type { ComponentChildren, JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { freshKey, Refused } from "~/api/client";
import { messages } from "~/i18n";
import { dayAndTime } from "~/i18n/format";
import { Button } from "~/parts/button";
import { Dialog } from "~/parts/dialog";
import { Icon } from "~/parts/icon";
import { explain, wordedFields } from "~/parts/toasts";
import { FormField } from "./form-fields";
import { changesOf, draftOf, readDraft, type Draft, type FieldGroup } from "./form-model";
import { MISTYPED } from "./price-field";
import { addResource, changeResource, lastChangeOf, readResource, type Kind, type Kinds } from "./resources";

interface Props<K extends Kind> {
  kind: K;
  groups: readonly FieldGroup[];
  /** What is edited; null to add one, which begins as `defaults` says. */
  resource: Kinds[K] | null;
  defaults?: Record<string, unknown>;
  onSaved: (saved: Kinds[K] & { password?: string }) => void;
  onCancel?: () => void;
}

/**
 * A form over one resource: sends what was changed, of the version that was read.
 *
 * What the server says stands at the fields it is about. When somebody else was faster it says who, and offers what
 * there is now; nothing is overwritten.
 */
export function ResourceForm<K extends Kind>({ kind, groups, resource, defaults, onSaved, onCancel }: Props<K>): JSX.Element {
  const { common, setup } = messages();
  const [seen, setSeen] = useState(resource);
  const [draft, setDraft] = useState<Draft>(() => draftOf(groups, { ...(resource ?? defaults ?? {}) }));
  const [errors, setErrors] = useState<ReadonlyMap<string, string>>(new Map());
  const [problem, setProblem] = useState<string | null>(null);
  const [faster, setFaster] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  // The same asked again, after an answer that was lost, adds none twice.
  const added = useRef({ text: "", key: "" });

  async function save(event: Event): Promise<void> {
    event.preventDefault();
    if (busy) return;
    const read = readDraft(groups, draft);
    setErrors(read.errors);
    setProblem(null);
    if (read.errors.size > 0 || (event.currentTarget as HTMLElement | null)?.querySelector(`.${MISTYPED}`)) return;
    setBusy(true);
    try {
      const saved = await store(read.body);
      setSeen(saved);
      onSaved(saved);
    } catch (error) {
      await tell(error, read.body);
    } finally {
      setBusy(false);
    }
  }

  function store(body: Record<string, unknown>): Promise<Kinds[K] & { password?: string }> {
    if (seen) return changeResource(kind, seen, changesOf(body, { ...seen }));
    const sent = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
    const text = JSON.stringify(sent);
    if (added.current.text !== text) added.current = { text, key: freshKey() };
    return addResource(kind, sent, added.current.key);
  }

  async function tell(error: unknown, body: Record<string, unknown>): Promise<void> {
    if (error instanceof Refused && error.code === "version_differs" && seen) {
      const now = await readResource(kind, seen.id).catch(() => null);
      if (now !== null && Object.keys(changesOf(body, { ...now })).length === 0) {
        // It is as it was wanted: saved before, by an answer that was lost.
        setSeen(now);
        onSaved(now);
        return;
      }
      const change = await lastChangeOf(kind, seen.id).catch(() => null);
      setFaster(change === null ? setup.form.somebodyFaster : setup.form.faster(nameOf(change.actor), dayAndTime(change.at)));
      return;
    }
    const told = wordedFields(error);
    setErrors(told);
    const atFields = [...told.keys()].every((path) => groups.some((group) => group.fields.some((field) => path.startsWith(field.name))));
    setProblem(told.size > 0 && atFields ? setup.form.lookAtFields : explain(error));
  }

  async function takeWhatIsThere(): Promise<void> {
    if (!seen) return;
    try {
      const now = await readResource(kind, seen.id);
      setSeen(now);
      setDraft(draftOf(groups, { ...now }));
      setErrors(new Map());
      setFaster(null);
    } catch (error) {
      setProblem(explain(error));
    }
  }

  return (
    <form class="setup-form" onSubmit={(event) => void save(event)} noValidate>
      {groups.map((group, index) => (
        <Group key={index} group={group}>
          {group.fields.map((field) => (
            <div key={field.name} class={field.wide ? "setup-form-cell is-wide" : "setup-form-cell"}>
              <FormField field={field} value={draft[field.name]} onChange={(value) => setDraft((before) => ({ ...before, [field.name]: value }))} errors={errors} />
            </div>
          ))}
        </Group>
      ))}
      {faster !== null && (
        <div class="setup-note is-new" role="alert" data-testid="faster">
          <Icon of={History} />
          <p>{faster}</p>
          <Button onClick={() => void takeWhatIsThere()} testId="take-theirs">
            {setup.form.takeTheirs}
          </Button>
        </div>
      )}
      {problem !== null && (
        <p class="setup-note is-bad" role="alert" data-testid="form-problem">
          {problem}
        </p>
      )}
      <div class="setup-form-foot">
        {onCancel && <Button onClick={onCancel}>{common.cancel}</Button>}
        <Button type="submit" look="primary" busy={busy} disabled={faster !== null} testId="save">
          {common.save}
        </Button>
      </div>
    </form>
  );
}

/** The same form before everything else. */
export function ResourceDialog<K extends Kind>({ title, children, ...form }: Props<K> & { title: string; onCancel: () => void; children?: ComponentChildren }): JSX.Element {
  return (
    <Dialog title={title} wide onClose={form.onCancel} testId="resource-dialog">
      <ResourceForm {...form} />
      {children}
    </Dialog>
  );
}

function Group({ group, children }: { group: FieldGroup; children: ComponentChildren }): JSX.Element {
  return (
    <section class="setup-form-group">
      {group.title !== undefined && <h3>{group.title}</h3>}
      {group.hint !== undefined && <p class="field-hint">{group.hint}</p>}
      <div class="setup-form-grid">{children}</div>
    </section>
  );
}

/** The name in `staff:anna`; other actors stand as they are. */
function nameOf(actor: string): string {
  return actor.startsWith("staff:") ? actor.slice("staff:".length) : actor;
}
