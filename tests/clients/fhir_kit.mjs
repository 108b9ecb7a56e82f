// Walks the FHIR server with fhir-kit-client as it comes from the registry and prints what it saw as JSON.
// Environment: CLIENT_MODULE (file of the library), BASE (FHIR base URL), CLIENT_ID, CLIENT_SECRET, TAG (unique).
import { pathToFileURL } from "node:url";

const { Client } = await import(pathToFileURL(process.env.CLIENT_MODULE));
const { BASE, CLIENT_ID, CLIENT_SECRET, TAG } = process.env;
const SYSTEM = "http://clients.example/kit";
const seen = {};

const status = (resource) => Client.httpFor(resource).response.status;
const header = (resource, name) => Client.httpFor(resource).response.headers.get(name);
const identifier = (value) => [{ system: SYSTEM, value: `${TAG}-${value}` }];
const refused = async (promise) => {
  try {
    await promise;
    return "not refused";
  } catch (failure) {
    return [failure.response.status, failure.response.data.resourceType, failure.response.data.issue[0].expression];
  }
};

const client = new Client({ baseUrl: BASE });

// Discover.
const statement = await client.capabilityStatement();
seen.fhirVersion = statement.fhirVersion;
const smart = await client.smartAuthMetadata();
seen.tokenUrl = smart.tokenUrl.pathname;

// Authorize.
const answer = await fetch(smart.tokenUrl, {
  method: "POST",
  headers: { authorization: `Basic ${Buffer.from(`${CLIENT_ID}:${CLIENT_SECRET}`).toString("base64")}` },
  body: new URLSearchParams({ grant_type: "client_credentials", scope: "system/*.cruds" }),
});
const token = await answer.json();
seen.tokenType = token.token_type;
seen.withoutToken = (await refused(client.search({ resourceType: "Patient" })))[0];
client.bearerToken = token.access_token;

// Create, read, search, page.
const ids = [];
for (const [number, family] of ["Huber", "Hübner", "Hutter"].entries()) {
  const created = await client.create({
    resourceType: "Patient",
    body: {
      resourceType: "Patient",
      identifier: identifier(number),
      name: [{ family: `${family}${TAG}`, given: ["Anna"] }],
      gender: "female",
      birthDate: `1980-01-0${number + 1}`,
    },
  });
  seen.created = status(created);
  seen.location = header(created, "location").includes(`/Patient/${created.id}/_history/`);
  ids.push(created.id);
}
const again = await client.create({
  resourceType: "Patient",
  body: { resourceType: "Patient", identifier: identifier(0), name: [{ family: "Somebody" }] },
  options: { headers: { "If-None-Exist": `identifier=${SYSTEM}|${TAG}-0` } },
});
seen.conditionalCreate = [status(again), again.id === ids[0]];
const read = await client.read({ resourceType: "Patient", id: ids[0] });
seen.read = read.name[0].family === `Huber${TAG}`;
const found = await client.search({ resourceType: "Patient", searchParams: { family: `hub${""}ner${TAG}`, gender: "female" } });
seen.accentFolded = found.entry?.length ?? 0;
const posted = await client.resourceSearch({
  resourceType: "Patient",
  searchParams: { identifier: `${SYSTEM}|${TAG}-2` },
  options: { postSearch: true },
});
seen.postSearch = posted.entry.map((entry) => entry.resource.id === ids[2]);
let page = await client.search({ resourceType: "Patient", searchParams: { _id: ids.join(","), _count: 2 } });
const pages = [];
while (page) {
  pages.push((page.entry ?? []).map((entry) => entry.resource.id));
  page = await client.nextPage({ bundle: page });
}
seen.pages = pages.map((entries) => entries.length);
seen.pagedAll = [...new Set(pages.flat())].sort().join() === [...ids].sort().join();

// Update with ETag.
const etag = header(read, "etag");
const body = { ...read, name: [{ family: `Huber-Moser${TAG}`, given: ["Anna"] }] };
const updated = await client.update({
  resourceType: "Patient", id: ids[0], body, options: { headers: { "If-Match": etag } },
});
seen.updated = [status(updated), header(updated, "etag") !== etag];
seen.stale = (await refused(
  client.update({ resourceType: "Patient", id: ids[0], body, options: { headers: { "If-Match": etag } } }),
)).slice(0, 2);
const versions = await client.resourceHistory({ resourceType: "Patient", id: ids[0] });
seen.history = versions.entry.length;
const first = await client.vread({ resourceType: "Patient", id: ids[0], version: "1" });
seen.vread = first.name[0].family === `Huber${TAG}`;

// Refusals are OperationOutcomes that name the place.
seen.invalid = await refused(
  client.create({ resourceType: "Patient", body: { resourceType: "Patient", gender: "M" } }),
);
seen.unknown = (await refused(client.read({ resourceType: "Patient", id: "nobody" }))).slice(0, 2);
const outcome = await client.operation({
  resourceType: "Patient", name: "$validate", input: { resourceType: "Patient", birthDate: "yesterday" },
});
seen.validate = [status(outcome), outcome.issue[0].expression[0]];

// Transaction.
const result = await client.transaction({
  body: {
    resourceType: "Bundle",
    type: "transaction",
    entry: [
      {
        fullUrl: "urn:uuid:6f2c1b44-0000-4000-8000-000000000002",
        request: { method: "POST", url: "Encounter" },
        resource: {
          resourceType: "Encounter",
          identifier: identifier("visit"),
          status: "in-progress",
          class: { system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", code: "AMB" },
          subject: { reference: "urn:uuid:6f2c1b44-0000-4000-8000-000000000001" },
          period: { start: "2024-02-01T09:00:00Z" },
          serviceProvider: { reference: process.env.FACILITY },
        },
      },
      {
        fullUrl: "urn:uuid:6f2c1b44-0000-4000-8000-000000000001",
        request: { method: "POST", url: "Patient" },
        resource: {
          resourceType: "Patient",
          identifier: identifier("tx"),
          name: [{ family: `Tx${TAG}` }],
          managingOrganization: { reference: process.env.FACILITY },
        },
      },
    ],
  },
});
seen.transaction = result.entry.map((entry) => entry.response.status);
const visit = result.entry[0].response.location.match(/Encounter\/([^/]+)/)[1];
const included = await client.search({
  resourceType: "Encounter", searchParams: { _id: visit, _include: "Encounter:patient" },
});
seen.included = included.entry.map((entry) => [entry.resource.resourceType, entry.search.mode]);

console.log(JSON.stringify(seen));
