"use strict";
// The page for people: everything it shows comes from the OpenAPI document of the same server.
// Credentials and tokens stay in memory and go to this server only.
(async () => {
  const app = document.getElementById("app");
  const api = await (await fetch(app.dataset.document)).json();
  const schemas = api.components.schemas;
  const session = { token: "", scope: "", until: 0 };

  // -- small helpers ------------------------------------------------------------------
  function make(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (name === "class") node.className = value;
      else if (value !== false && value !== undefined) node.setAttribute(name, value === true ? "" : value);
    }
    for (const child of children.flat(Infinity)) {
      if (child !== null && child !== undefined && child !== false) node.append(child);
    }
    return node;
  }
  const pretty = (value) => JSON.stringify(value, null, 2);
  const resolve = (node) => (node && node.$ref ? node.$ref.slice(2).split("/").reduce((at, part) => at[part], api) : node);

  function block(text) {
    const button = make("button", { type: "button", title: "Copy" }, "Copy");
    button.addEventListener("click", async () => {
      try { await navigator.clipboard.writeText(text); button.textContent = "Copied"; } catch { button.textContent = "Select it"; }
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
    return make("pre", { tabindex: "0" }, button, make("span", {}, text));
  }

  function typeOf(raw) {
    const node = resolve(raw);
    if (!node) return "";
    if (raw.$ref) return raw.$ref.split("/").pop();
    if (node.const !== undefined) return JSON.stringify(node.const);
    if (node.enum) return node.enum.map((value) => JSON.stringify(value)).join(" | ");
    if (node.anyOf) return [...new Set(node.anyOf.map(typeOf))].filter((kind) => kind !== "null").join(" | ");
    if (node.type === "array") return `list of ${typeOf(node.items)}`;
    return (node.format ? `${node.format}` : Array.isArray(node.type) ? node.type.join(" | ") : node.type) || "any";
  }

  // -- the token ------------------------------------------------------------------------
  const banner = make("span", { class: "note" });
  function showToken() {
    const left = Math.max(0, Math.round((session.until - Date.now()) / 1000));
    const ready = session.token && left;
    banner.textContent = ready ? `Token in memory, ${left} s left${session.scope ? `; scopes: ${session.scope}` : ""}` : "No token yet.";
    banner.closest(".token")?.classList.toggle("ready", Boolean(ready));
  }
  setInterval(showToken, 1000);

  function tokenCard() {
    const id = make("input", { id: "client-id", autocomplete: "off", spellcheck: "false", placeholder: "client id" });
    const secret = make("input", { id: "client-secret", type: "password", autocomplete: "off", placeholder: "client secret" });
    const scope = make("input", { id: "client-scope", autocomplete: "off", spellcheck: "false", placeholder: "all that the account has" });
    const say = make("span", { class: "bad", role: "status" });
    const button = make("button", { type: "submit", id: "get-token" }, "Get a token");
    const ask = async (event) => {
      event.preventDefault();
      button.disabled = true; say.textContent = "";
      const form = new URLSearchParams({ grant_type: "client_credentials" });
      if (scope.value.trim()) form.set("scope", scope.value.trim());
      try {
        const response = await fetch("/interop/oauth2/token", {
          method: "POST", credentials: "omit", body: form,
          headers: { Authorization: "Basic " + btoa(`${encodeURIComponent(id.value.trim())}:${encodeURIComponent(secret.value)}`) },
        });
        const body = await response.json();
        if (!response.ok) throw new Error(body.error_description || body.detail || body.error || response.status);
        session.token = body.access_token; session.scope = body.scope || ""; session.until = Date.now() + body.expires_in * 1000;
      } catch (error) { session.token = ""; say.textContent = String(error.message || error); }
      button.disabled = false; showToken();
    };
    return make("form", { class: "card token", onsubmit: ask },
      make("strong", {}, "Try it against this server"),
      make("div", { class: "row" },
        make("div", {}, make("label", { for: "client-id" }, "Client id"), id),
        make("div", {}, make("label", { for: "client-secret" }, "Secret"), secret),
        make("div", {}, make("label", { for: "client-scope" }, "Scopes"), scope)),
      make("div", { class: "actions" }, button, banner, say),
      make("div", { class: "note" }, "Nothing is stored: id, secret and token live in this tab until it is closed."));
  }

  // -- operations ------------------------------------------------------------------------
  function exampleOf(operation) {
    const content = operation.requestBody?.content || {};
    const [kind, media] = Object.entries(content)[0] || [];
    if (!kind) return null;
    const example = media.example ?? (kind === "application/json" ? {} : "");
    return { kind, text: typeof example === "string" ? example : pretty(example) };
  }
  const securityOf = (operation) => (operation.security || []).flatMap((entry) => entry.oauth2 || []);

  function curl(verb, path, operation, body) {
    const lines = [`curl -X ${verb.toUpperCase()} '${location.origin}${path}'`, `  -H "Authorization: Bearer $TOKEN"`];
    for (const raw of operation.parameters || []) {
      const parameter = resolve(raw);
      if (parameter.in === "header" && parameter.name === "If-Match") lines.push(`  -H 'If-Match: "<the ETag that you read>"'`);
    }
    if (body) lines.push(`  -H 'Content-Type: ${body.kind}'`, `  --data-binary '${body.text.replaceAll("'", "'\\''")}'`);
    return lines.join(" \\\n");
  }

  function parametersTable(parameters) {
    if (!parameters.length) return null;
    return make("table", {}, make("tr", {}, ["Parameter", "In", "Type", "Meaning"].map((text) => make("th", {}, text))),
      parameters.map((parameter) => make("tr", {},
        make("td", {}, make("code", {}, parameter.name), parameter.required ? " *" : ""), make("td", {}, parameter.in),
        make("td", { class: "mono" }, typeOf(parameter.schema)), make("td", {}, parameter.description || ""))));
  }

  function tryIt(verb, path, operation, parameters, body) {
    const panel = make("div", {});
    const inputs = new Map();
    const wanted = parameters.filter((p) => p.in === "path" || p.required || ["limit", "fields", "updated_since", "cursor", "Idempotency-Key", "Prefer"].includes(p.name) || p.in === "query");
    const first = wanted.filter((p) => p.in !== "query" || ["limit", "fields", "updated_since", "cursor"].includes(p.name));
    const field = (parameter) => {
      const input = make("input", { autocomplete: "off", spellcheck: "false", placeholder: parameter.schema?.default ?? "" });
      if (parameter.name === "If-Match") input.placeholder = '"…"';
      inputs.set(parameter, input);
      return make("div", {}, make("label", {}, `${parameter.name}${parameter.required ? " *" : ""}`, input));
    };
    panel.append(make("div", { class: "row" }, first.map(field)));
    const filters = wanted.filter((p) => !first.includes(p));
    if (filters.length) {
      panel.append(make("details", {}, make("summary", {}, `Filters (${filters.length})`),
        make("div", { class: "inside row" }, filters.map(field))));
    }
    const area = body && make("textarea", { spellcheck: "false", "aria-label": "Body" }, body.text);
    if (area) panel.append(make("label", {}, `Body (${body.kind})`), area);
    const answer = make("div", { class: "answer", role: "status" });
    const send = make("button", { type: "button", class: "send" }, "Send");
    send.addEventListener("click", async () => {
      answer.replaceChildren(); send.disabled = true;
      let target = path; const query = new URLSearchParams(); const headers = {};
      for (const [parameter, input] of inputs) {
        const value = input.value.trim();
        if (parameter.in === "path") target = target.replace(`{${parameter.name}}`, encodeURIComponent(value));
        else if (value && parameter.in === "query") query.set(parameter.name, value);
        else if (value) headers[parameter.name] = value;
      }
      if (session.token && session.until > Date.now()) headers.Authorization = `Bearer ${session.token}`;
      if (area && area.value.trim()) headers["Content-Type"] = body.kind;
      const started = performance.now();
      try {
        const url = target + (String(query) ? `?${query}` : "");
        const response = await fetch(url, {
          method: verb.toUpperCase(), headers, credentials: "omit", cache: "no-store",
          body: area && area.value.trim() ? area.value : undefined,
        });
        const text = await response.text();
        let shown = text;
        try { shown = pretty(JSON.parse(text)); } catch { /* lines, or nothing */ }
        const interesting = ["etag", "location", "link", "interop-message", "idempotency-replayed", "retry-after", "ratelimit"];
        const seen = interesting.filter((name) => response.headers.get(name)).map((name) => `${name}: ${response.headers.get(name)}`);
        answer.append(
          make("div", {}, make("span", { class: `status ${response.ok ? "good" : "bad"}` }, `${response.status} ${response.statusText}`),
            make("span", { class: "note" }, `  ${Math.round(performance.now() - started)} ms, ${text.length} characters`)),
          seen.length ? make("div", { class: "note mono" }, seen.join("   ")) : "", shown ? block(shown) : "");
      } catch (error) { answer.append(make("div", { class: "bad" }, String(error))); }
      send.disabled = false;
    });
    panel.append(make("div", { class: "actions" }, send), answer);
    return panel;
  }

  function operationNode(path, verb, operation, common) {
    const parameters = [...(common || []), ...(operation.parameters || [])].map(resolve);
    const body = exampleOf(operation);
    const inside = make("div", { class: "inside" });
    const node = make("details", { id: operation.operationId },
      make("summary", {}, make("span", { class: `verb ${verb}` }, verb.toUpperCase()), make("span", { class: "path" }, path),
        make("span", { class: "what" }, operation.summary.split(": ").pop())), inside);
    node.addEventListener("toggle", () => {
      if (!node.open || inside.childElementCount) return;
      const scopes = securityOf(operation);
      inside.append(...[
        operation.description && make("p", {}, operation.description),
        scopes.length ? make("p", {}, "Scope: ", scopes.map((scope) => [make("span", { class: "badge scope" }, scope), " "])) : null,
        parametersTable(parameters.filter((p) => p.in !== "query" || !p.description?.startsWith("Filter on"))),
        make("h3", {}, "Example"), block(curl(verb, path.replace(/\{(\w+)\}/g, "<$1>"), operation, body)),
        make("h3", {}, "Answers"),
        make("table", {}, Object.entries(operation.responses).map(([status, raw]) =>
          make("tr", {}, make("td", {}, make("code", {}, status)), make("td", {}, resolve(raw).description)))),
        make("h3", {}, "Try it"), tryIt(verb, path, operation, parameters, body),
      ].filter(Boolean));
    });
    return node;
  }

  function fieldsTable(schema, read) {
    const required = new Set(schema.required || []);
    return make("table", {},
      make("tr", {}, ["Field", "Type", read ? "Filters" : "", "Meaning"].map((text) => make("th", {}, text))),
      Object.entries(schema.properties || {}).map(([name, raw]) => {
        const node = resolve(raw);
        const link = node["x-resource"];
        return make("tr", {},
          make("td", {}, make("code", {}, name), !read && required.has(name) ? " *" : "", node["x-phi"] ? [" ", make("span", { class: "badge phi", title: "Protected health information: needs the scope .phi" }, "PHI")] : ""),
          make("td", { class: "mono" }, link ? [make("a", { href: `#${link}` }, link)] : typeOf(raw)),
          make("td", {}, (node["x-filters"] || []).map((filter) => make("span", { class: "badge filter" }, filter))),
          make("td", {}, node.description || ""));
      }));
  }

  // -- pages ---------------------------------------------------------------------------
  function overview() {
    const token = `TOKEN=$(curl -s -u "$CLIENT_ID:$CLIENT_SECRET" -d grant_type=client_credentials \\\n  ${location.origin}/interop/oauth2/token | python3 -c 'import json,sys; print(json.load(sys.stdin)["access_token"])')`;
    const scopes = api.components.securitySchemes.oauth2.flows.clientCredentials.scopes;
    return make("section", {},
      make("h1", {}, api.info.title), make("p", { class: "lead" }, api.info.description),
      tokenCard(),
      make("h3", {}, "From a secret to a first read"), block(token),
      block(`curl -H "Authorization: Bearer $TOKEN" '${location.origin}/interop/v1/facilities?limit=10'`),
      make("h3", {}, "What holds everywhere"),
      make("ul", {}, [
        "Lists come in pages: send next_cursor as cursor, with the same filters. limit is at most 500.",
        "fields=a,b gives only those. updated_since gives what changed, oldest change first, archived records included.",
        "Filters: status=finished, status.in=planned,finished, amount.gte=100. On protected fields only by POST …/$search.",
        "Fields marked PHI come only with the scope .phi of their resource.",
        "To change a record send If-Match with the ETag that you read: 412 when it was changed meanwhile, 428 without.",
        "Idempotency-Key makes a repetition harmless; with another body it is answered 422.",
        "Every write is a message (header Interop-Message). 202 means: taken in, and a person or an earlier message decides first.",
        "Fields that another system owns keep its value; the answer's authority list says which, and whether a steward will look.",
        "Errors are problem+json with a code for programs, and pointers to what is wrong.",
      ].map((text) => make("li", {}, text))),
      make("p", {}, "The same as a document for programs: ", make("a", { href: app.dataset.document }, "openapi.json"), "."),
      make("h3", {}, "Scopes"),
      make("table", {}, Object.entries(scopes).map(([scope, text]) => make("tr", {}, make("td", {}, make("code", {}, scope)), make("td", {}, text)))));
  }

  function resourcePage(tag) {
    const own = [];
    let read = "", create = "", update = "";
    for (const [path, item] of Object.entries(api.paths)) {
      for (const verb of ["get", "post", "patch", "delete"]) {
        const operation = item[verb];
        if (!operation || !operation.tags.includes(tag.name)) continue;
        own.push(operationNode(path, verb, operation, item.parameters));
        const name = (content) => content?.["application/json"]?.schema?.$ref?.split("/").pop() || "";
        if (operation.operationId.startsWith("read")) read = name(operation.responses["200"].content);
        if (operation.operationId.startsWith("create")) create = name(operation.requestBody.content);
        if (operation.operationId.startsWith("update")) update = name(operation.requestBody.content);
      }
    }
    const parts = [make("h2", { class: "title" }, tag.name), make("p", { class: "lead" }, tag.description)];
    if (tag["x-scope"]) {
      const scopes = Object.keys(api.components.securitySchemes.oauth2.flows.clientCredentials.scopes);
      parts.push(make("p", {}, scopes.filter((scope) => scope.startsWith(`interop/${tag["x-scope"]}.`)).map((scope) => [make("span", { class: "badge scope" }, scope), " "])));
    }
    if (!session.token) parts.push(make("p", { class: "note" }, "To try it, get a token on the ", make("a", { href: "#" }, "overview"), " first."));
    parts.push(make("h3", {}, "Calls"), ...own);
    if (read) parts.push(make("h3", {}, "Fields"), fieldsTable(schemas[read], true));
    const nested = new Set();
    const collect = (node) => JSON.stringify(node || {}).replace(/#\/components\/schemas\/(\w+)/g, (_all, name) => { nested.add(name); return ""; });
    if (create) { parts.push(make("h3", {}, "To create"), fieldsTable(schemas[create], false)); collect(schemas[create]); }
    if (update) { parts.push(make("h3", {}, "To change"), fieldsTable(schemas[update], false)); collect(schemas[update]); }
    if (read) collect(schemas[read]);
    for (const name of nested) parts.push(make("h3", {}, `Inside: ${name}`), fieldsTable(schemas[name], false));
    return make("section", {}, parts);
  }

  // -- frame ---------------------------------------------------------------------------
  const main = make("main", {});
  const links = make("div", {});
  const search = make("input", { type: "search", placeholder: "Find a resource or field", "aria-label": "Find" });
  const groups = new Map();
  for (const tag of api.tags) groups.set(tag["x-group"], [...(groups.get(tag["x-group"]) || []), tag]);
  function drawLinks() {
    const wanted = search.value.trim().toLowerCase();
    const here = decodeURIComponent(location.hash.slice(1));
    links.replaceChildren(make("a", { href: "#", class: here ? "" : "here" }, "Overview"));
    for (const [group, tags] of groups) {
      const found = tags.filter((tag) => !wanted || tag.name.includes(wanted) || Object.keys(schemas[readOf(tag)]?.properties || {}).some((name) => name.includes(wanted)));
      if (found.length) links.append(make("h2", {}, group), ...found.map((tag) => make("a", { href: `#${tag.name}`, class: tag.name === here ? "here" : "" }, tag.name)));
    }
  }
  function readOf(tag) {
    const item = api.paths[`/interop/v1/${tag.name}/{id}`];
    return item?.get?.responses?.["200"]?.content?.["application/json"]?.schema?.$ref?.split("/").pop();
  }
  function draw() {
    const tag = api.tags.find((entry) => entry.name === decodeURIComponent(location.hash.slice(1)));
    main.replaceChildren(tag ? resourcePage(tag) : overview());
    document.title = tag ? `${tag.name} · Partner API` : "Partner API";
    drawLinks(); showToken(); window.scrollTo(0, 0);
  }
  search.addEventListener("input", drawLinks);
  window.addEventListener("hashchange", draw);
  app.append(make("nav", { "aria-label": "Resources" }, make("div", { class: "brand" }, "Partner API"), search, links), main);
  draw();
})();
