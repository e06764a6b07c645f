/** A pairing from the first code to the device's cookie: a code that lapses is followed by another one. */

import { useEffect, useState } from "preact/hooks";
import { ask, Refused, serverNow, Unreachable } from "~/api/client";
import type { DeviceKind, Pairing, PairingClaimed } from "~/api/types";
import { messages } from "~/i18n";
import { recognise } from "~/session";
import { useTrouble, type Trouble } from "./trouble";

const POLL_MS = 2_000;

export interface PairingUnderWay {
  pairing: Pairing | null;
  /** The server is not heard of just now. */
  offline: boolean;
  trouble: Trouble;
}

/**
 * Ask for codes and wait until a manager approves one of them; ends with the component.
 *
 * `onPaired` is called once this browser is the device, which may be after the page that asked has made way.
 */
export function usePairing(brand: string, kind: DeviceKind, onPaired: () => void): PairingUnderWay {
  const [pairing, setPairing] = useState<Pairing | null>(null);
  const [offline, setOffline] = useState(false);
  const trouble = useTrouble(() => messages().signIn.pair.refused);

  useEffect(() => {
    const ended = new AbortController();
    void follow(ended.signal);
    return () => ended.abort();
  }, [brand, kind]);

  async function follow(ended: AbortSignal): Promise<void> {
    let current: Pairing | null = null;
    while (!ended.aborted) {
      try {
        if (current === null || Date.parse(current.expires_at) <= serverNow()) {
          current = await ask<Pairing>("POST", "/hub/v1/pairings", { body: { brand, kind }, signal: ended });
          trouble.clear();
          setPairing(current);
        }
        setOffline(false);
        await pause(POLL_MS, ended);
        const body = { brand, claim: current.claim };
        const { status } = await ask<PairingClaimed>("POST", "/hub/v1/pairings/claim", { body, signal: ended });
        if (status === "expired") current = null;
        if (status === "paired") {
          await recognised(ended);
          onPaired();
          return;
        }
      } catch (error) {
        if (isOver(ended)) return;
        setOffline(error instanceof Unreachable);
        if (error instanceof Refused) {
          current = null;
          setPairing(null);
          trouble.set(error);
          // Waiting mends too many tries and nothing else.
          if (error.status !== 429) return;
        }
        await pause(error instanceof Refused ? (error.retryAfterS ?? 5) * 1_000 : POLL_MS, ended);
      }
    }
  }

  return { pairing, offline, trouble };
}

/** Find out who acts now; the device is paired whether or not the server answers at once. */
async function recognised(ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    try {
      await recognise();
      return;
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      await pause(POLL_MS, ended);
    }
  }
}

/** Whether the component is gone; a function, because it may come true while something was awaited. */
function isOver(ended: AbortSignal): boolean {
  return ended.aborted;
}

function pause(milliseconds: number, ended: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    ended.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
