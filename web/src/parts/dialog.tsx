import { X } from "lucide";
import { signal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { messages } from "~/i18n";
import { Button } from "./button";
import { ToastList } from "./toasts";

interface Props {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  /** The buttons below. */
  foot?: ComponentChildren;
  wide?: boolean;
  /** Along the edge of the screen, from top to bottom. */
  side?: boolean;
  /** It asks by itself, and only the buttons below close it: leaving is no answer. */
  mustAnswer?: boolean;
  testId?: string;
}

/** The dialogs that are open, the topmost last. */
const openOnes = signal<readonly string[]>([]);

/** A question before everything else, until it is answered; Escape closes it, and the focus goes back where it was. */
export function Dialog({ title, onClose, children, foot, wide, side, mustAnswer, testId }: Props): JSX.Element {
  const element = useRef<HTMLDialogElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const titleId = useId();
  // Before anything is painted: the very next key belongs to the question.
  useLayoutEffect(() => {
    const dialog = element.current;
    const before = document.activeElement;
    dialog?.showModal();
    // It came by itself, perhaps in the middle of a word: whoever types must not answer it.
    if (mustAnswer) heading.current?.focus();
    openOnes.value = [...openOnes.value, titleId];
    return () => {
      openOnes.value = openOnes.value.filter((one) => one !== titleId);
      dialog?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      class={["dialog", wide && "is-wide", side && "is-side"].filter(Boolean).join(" ")}
      aria-labelledby={titleId}
      {...(testId === undefined ? {} : { "data-testid": testId })}
      onCancel={(event) => {
        event.preventDefault();
        if (!mustAnswer) onClose();
      }}
      // A browser closes it all the same when it is asked twice.
      onClose={() => {
        if (!element.current?.isConnected || element.current.open) return;
        if (mustAnswer) {
          element.current.showModal();
          heading.current?.focus();
        } else onClose();
      }}
    >
      <header class="dialog-head">
        <h2 ref={heading} id={titleId} {...(mustAnswer ? { tabIndex: -1 } : {})}>
          {title}
        </h2>
        {!mustAnswer && <Button look="plain" icon={X} label={messages().common.close} onClick={onClose} />}
      </header>
      <div class="dialog-body">{children}</div>
      {foot !== undefined && <footer class="dialog-foot">{foot}</footer>}
      {openOnes.value.at(-1) === titleId && <ToastList />}
    </dialog>
  );
}

/** What is said in passing, where no dialog covers it; what stands outside of an open dialog is neither seen nor heard. */
export function Toasts(): JSX.Element | null {
  return openOnes.value.length === 0 ? <ToastList /> : null;
}
