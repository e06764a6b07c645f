/** What the server answers under /hub/v1, by the names of its OpenAPI document. */

import type { components } from "./schema";

type Schemas = components["schemas"];

export type Hello = Schemas["Hello"];
export type SignedIn = Schemas["SignedIn"];
export type Role = SignedIn["role"];
/** Who calls. The keys from `username` on are a person's. */
export type CallerCard = Schemas["CallerCard"];
export type Device = Schemas["DeviceCard"];
export type DeviceKind = Device["kind"];
export type Pairing = Schemas["PairingBegun"];
export type PairingClaimed = Schemas["PairingStanding"];
export type PairingShown = Schemas["WaitingDevice"];
export type PersonToChoose = Schemas["PersonOnDevice"];
export type SessionCard = Schemas["SessionCard"];

export type OrderCard = Schemas["OrderCard"];
export type ReceiptCard = Schemas["ReceiptCard"];
export type TicketCard = Schemas["TicketCard"];
export type TicketLineCard = Schemas["TicketLineCard"];
export type PrintJobCard = Schemas["PrintJobCard"];
export type Board = Schemas["Board"];
export type ChainAfter = Schemas["ChainAfter"];
export type Timeline = Schemas["Timeline"];
export type StopListLeft = Schemas["StopListLeft"];
export type DeviceOnBoard = Schemas["DeviceOnBoard"];
/** An order as screens show it: with its customer, its lines and its channel. */
export type OrderSummary = Schemas["OrderSummary"];
export type SummaryLine = Schemas["SummaryLine"];
export type SummaryModifier = Schemas["SummaryModifier"];

export type Quote = Schemas["Quote"];
export type QuotedLine = Schemas["QuotedLine"];
export type Totals = Schemas["Totals"];
/** The body of POST /hub/v1/orders and /hub/v1/quotes: contract 9.1. */
export type OrderBody = Schemas["OrderRequest"];

export type Guest = Schemas["Guest"];
/** The catalogue as it is sold at one venue, and the names that screens need. */
export type Menu = Schemas["HouseMenu"];
export type MenuProduct = Schemas["MenuProduct"];
export type MenuModifier = Schemas["MenuModifier"];
export type MenuModifierGroup = Schemas["MenuModifierGroup"];
export type MenuCategory = Schemas["MenuCategory"];
export type Picture = Schemas["MenuImage"];

export type Insights = Schemas["Insights"];
export type Spread = Schemas["LegTime"];
export type WholeOrder = Schemas["WholeOrder"];
export type PrintJobEntry = Schemas["PrintJobEntry"];
export type TestPage = Schemas["TestPage"];
export type DemoState = Schemas["DemoState"];

/** An event of a venue's log; `data` is the resource as it then was (docs/events.md). */
export interface LogEvent {
  venue_id: number;
  number: number;
  type: string;
  version: number;
  time: string;
  order_id: number | null;
  order_sequence: number | null;
  actor: string;
  data: Record<string, unknown>;
}
