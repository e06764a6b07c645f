"""The statements of `raw_app`.

`STORE` is a whole order. Locks are taken in one order by everybody: stop-list rows by product, the key, the venue's
counter. Every part of the statement waits for the verdict: an order that is refused, or whose key is taken, writes
nothing at all.
"""

from string import Template

STORE_PARAMETERS = (
    "brand_id",
    "venue_id",
    "customer_id",
    "product_ids",
    "needs",
    "actor",
    "key",
    "request_sha256",
    "body",
    "order_id",
    "expires_at",
    "now",
    "client_id",
    "status",
    "sale_type_id",
    "phone_e164",
    "order_number",
    "integration_id",
    "integration_uuid",
    "customer_ref_id",
    "terminal_id",
    "subtotal_minor",
    "discount_minor",
    "service_minor",
    "delivery_minor",
    "total_minor",
    "payload",
    "received_at",
    "event_types",
    "event_data",
)
STORE = Template("""
WITH limited AS MATERIALIZED (
    SELECT s.product_id, s.quantity_milli, s.version, w.need
    FROM unnest($product_ids::bigint[], $needs::bigint[]) AS w (product_id, need)
    JOIN stop_list s ON s.venue_id = $venue_id::bigint AND s.product_id = w.product_id
    ORDER BY s.product_id
    FOR UPDATE OF s
), found AS MATERIALIZED (
    SELECT
        $customer_id::bigint = 0 OR EXISTS (
            SELECT FROM customers WHERE id = $customer_id AND brand_id = $brand_id::text AND active
        ) AS customer_known,
        ARRAY (SELECT product_id FROM limited WHERE quantity_milli < need ORDER BY product_id) AS short,
        ARRAY (SELECT quantity_milli FROM limited WHERE quantity_milli < need ORDER BY product_id) AS short_left
), claimed AS (
    INSERT INTO idempotency AS kept (brand_id, actor, key, request_sha256, status, body, order_id, expires_at)
    SELECT $brand_id, $actor, $key, $request_sha256, 201, $body, $order_id, $expires_at
    FROM found
    WHERE $key::text IS NOT NULL AND customer_known AND short = '{}'
    ON CONFLICT (brand_id, actor, key) DO UPDATE SET
        request_sha256 = excluded.request_sha256, status = excluded.status, body = excluded.body,
        order_id = excluded.order_id, expires_at = excluded.expires_at
    WHERE kept.expires_at <= $now::bigint
    RETURNING order_id
), verdict AS MATERIALIZED (
    SELECT
        customer_known AND short = '{}' AND ($key::text IS NULL OR EXISTS (SELECT FROM claimed)) AS stored,
        customer_known, short, short_left
    FROM found
), taken AS (
    UPDATE stop_list s SET quantity_milli = s.quantity_milli - limited.need, updated_at = $now
    FROM limited
    WHERE s.venue_id = $venue_id AND s.product_id = limited.product_id AND (SELECT stored FROM verdict)
), held AS (
    INSERT INTO stop_list_holds (order_id, product_id, venue_id, quantity_milli, version)
    SELECT $order_id, product_id, $venue_id, need, version FROM limited WHERE (SELECT stored FROM verdict)
), placed AS (
    INSERT INTO orders (
        id, brand_id, venue_id, client_id, status, needs_attention, sale_type_id, customer_id, phone_e164,
        order_number, integration_id, integration_uuid, customer_ref_id, receive_terminal_id,
        subtotal_minor, discount_minor, service_minor, delivery_minor, total_minor,
        payload, created_at, received_at, updated_at, event_sequence
    )
    SELECT
        $order_id::bigint, $brand_id, $venue_id, $client_id, $status, FALSE, $sale_type_id, $customer_id, $phone_e164,
        $order_number, $integration_id, $integration_uuid, $customer_ref_id, $terminal_id,
        $subtotal_minor, $discount_minor, $service_minor, $delivery_minor, $total_minor,
        $payload, $now, $received_at, $now, cardinality($event_types::text[])
    FROM verdict WHERE stored
), counter AS (
    UPDATE venue_counters SET last_event = last_event + cardinality($event_types::text[])
    WHERE venue_id = $venue_id AND (SELECT stored FROM verdict)
    RETURNING last_event - cardinality($event_types::text[]) AS before
), logged AS (
    INSERT INTO events (venue_id, number, brand_id, order_id, order_sequence, type, data, created_at)
    SELECT $venue_id, counter.before + e.sequence, $brand_id, $order_id, e.sequence, e.type, e.data, $now
    FROM counter,
        unnest($event_types::text[], $event_data::text[]) WITH ORDINALITY AS e (type, data, sequence)
)
SELECT stored, customer_known, short, short_left FROM verdict
""").substitute({name: f"${number}" for number, name in enumerate(STORE_PARAMETERS, start=1)})
SELECT_KEPT = """
SELECT status, body, order_id, expires_at, request_sha256 FROM idempotency
WHERE brand_id = $1 AND actor = $2 AND key = $3 AND expires_at > $4
"""
SELECT_CALLERS = """
SELECT b.id AS brand_id, c.id AS client_id, i.id AS integrator_id, b.currency
FROM brands b JOIN clients c ON c.brand_id = b.id CROSS JOIN integrators i
WHERE b.enabled AND c.enabled AND i.enabled
"""
