import { BookOpenText, ChefHat, Gauge, MonitorSmartphone, Scale, Users } from "lucide";
import type { IconNode } from "lucide";
import type { JSX } from "preact";
import { useLocation } from "preact-iso";
import { messages } from "~/i18n";
import { Empty } from "~/parts/empty";
import { Icon } from "~/parts/icon";
import { managesBrand } from "~/session";
import { Shell } from "~/shell";
import { DevicesTab, LetIn } from "./devices-tab";
import { MenuTab } from "./menu-tab";
import { OverviewTab } from "./overview-tab";
import { PoliciesTab } from "./policies-tab";
import { StaffTab } from "./staff-tab";
import { StationsTab } from "./stations-tab";
import "./setup.css";
import "./form.css";

const TABS = [
  { name: "overview", icon: Gauge, Tab: OverviewTab },
  { name: "menu", icon: BookOpenText, Tab: MenuTab },
  { name: "stations", icon: ChefHat, Tab: StationsTab },
  { name: "devices", icon: MonitorSmartphone, Tab: DevicesTab },
  { name: "policies", icon: Scale, Tab: PoliciesTab },
  { name: "staff", icon: Users, Tab: StaffTab },
] as const satisfies readonly { name: string; icon: IconNode; Tab: () => JSX.Element }[];

/** Where managers set the house up: menu, kitchen, devices, policies, staff; each under an address of its own. */
export default function Setup(): JSX.Element {
  const { setup } = messages();
  const { query } = useLocation();
  const current = TABS.find((tab) => tab.name === query.tab) ?? TABS[0];
  if (!managesBrand.value) {
    return (
      <Shell>
        <div class="setup-main">
          <h1>{setup.title}</h1>
          <Empty icon={Users}>{setup.wholeBrandOnly}</Empty>
          <LetIn onApproved={() => undefined} />
        </div>
      </Shell>
    );
  }
  return (
    <Shell>
      <div class="setup">
        <nav class="setup-nav" aria-label={setup.title}>
          {TABS.map((tab) => (
            <a key={tab.name} href={`/setup?tab=${tab.name}`} data-testid={`tab-${tab.name}`} {...(tab === current ? { "aria-current": "page" } : {})}>
              <Icon of={tab.icon} />
              {setup.tabs[tab.name]}
            </a>
          ))}
        </nav>
        <div class="setup-main">
          <h1>{setup.tabs[current.name]}</h1>
          <current.Tab />
        </div>
      </div>
    </Shell>
  );
}
