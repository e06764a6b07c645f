import { useEffect } from "preact/hooks";

/** Keep the screen on while this is shown. Browsers take it away from hidden pages, and do not have it over plain HTTP. */
export function useWakeLock(): void {
  useEffect(() => {
    let lock: WakeLockSentinel | null = null;
    let over = false;
    async function hold(): Promise<void> {
      if (!("wakeLock" in navigator) || document.visibilityState !== "visible") return;
      try {
        const held = await navigator.wakeLock.request("screen");
        if (over) await held.release();
        else lock = held;
      } catch {
        // A device low on power may say no; then its screen sleeps as it was set to.
      }
    }
    const shown = (): void => void hold();
    void hold();
    document.addEventListener("visibilitychange", shown);
    return () => {
      over = true;
      document.removeEventListener("visibilitychange", shown);
      void lock?.release();
    };
  }, []);
}
