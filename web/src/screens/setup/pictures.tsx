import { ImagePlus, X } from "lucide";
import type { JSX } from "preact";
import { useId, useState } from "preact/hooks";
import { ask } from "~/api/client";
import { messages } from "~/i18n";
import { Button } from "~/parts/button";
import { Icon } from "~/parts/icon";
import { withPassword } from "~/parts/password";
import { explain } from "~/parts/toasts";
import { me } from "~/session";

/** Where a small view of a picture of this brand is. */
export function thumbOf(id: string): string {
  return `/media/${me.value?.brand ?? ""}/${id}/thumb`;
}

/** A resource's pictures: shown, taken away, and added from a file. */
export function Pictures(props: { label: string; value: readonly string[]; onChange: (value: string[]) => void; error: string | null }): JSX.Element {
  const { setup } = messages();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const id = useId();

  async function upload(input: HTMLInputElement): Promise<void> {
    const file = input.files?.[0];
    input.value = "";
    if (file === undefined) return;
    setBusy(true);
    setProblem(null);
    try {
      const added = await withPassword(() => ask<{ uuid: string }>("POST", "/hub/v1/admin/pictures", { file }));
      props.onChange([added.uuid, ...props.value.filter((one) => one !== added.uuid)]);
    } catch (error) {
      setProblem(explain(error));
    } finally {
      setBusy(false);
    }
  }

  const error = problem ?? props.error;
  return (
    <div class="field setup-pictures">
      <span class="field-label">{props.label}</span>
      <div class="setup-pictures-row">
        {props.value.map((picture, index) => (
          <figure key={picture} class="setup-picture">
            <img src={thumbOf(picture)} alt={setup.menu.pictureNumber(index + 1)} width="88" height="88" loading="lazy" />
            <Button look="plain" icon={X} label={setup.menu.removePicture} onClick={() => props.onChange(props.value.filter((one) => one !== picture))} />
          </figure>
        ))}
        <label class="setup-upload" for={id} aria-busy={busy}>
          {busy ? <span class="spinner" aria-hidden="true" /> : <Icon of={ImagePlus} />}
          {setup.menu.addPicture}
          <input
            id={id}
            class="visually-hidden"
            type="file"
            accept="image/jpeg,image/png,image/webp"
            disabled={busy}
            onChange={(event) => void upload(event.currentTarget)}
            data-testid="picture-file"
          />
        </label>
      </div>
      {error && (
        <span class="field-error" role="alert">
          {error}
        </span>
      )}
    </div>
  );
}
