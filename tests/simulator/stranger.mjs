// The vendor's own SDK for another language, as a stranger uses it: everything that it can do with an organization,
// written down as JSON. Addresses and the key come from the arguments.
import OpenAI from "openai";

const [baseURL, adminAPIKey] = process.argv.slice(2);
const client = new OpenAI({ baseURL, adminAPIKey, apiKey: null, organization: null, project: null, maxRetries: 0 });
const org = client.admin.organization;

const all = async (page) => {
  const found = [];
  for await (const one of page) found.push(one);
  return found;
};

const seen = {};
const invite = await org.invites.create({ email: "stranger@agency.example", role: "reader", projects: [] });
seen.invite = await org.invites.retrieve(invite.id);
seen.invites = (await all(org.invites.list({ limit: 2 }))).map((one) => one.email);
seen.invite_deleted = await org.invites.delete(invite.id);
seen.users = (await all(org.users.list({ limit: 100 }))).map((one) => one.id);
const somebody = (await all(org.users.list({ limit: 100 }))).find((one) => one.role === "reader");
seen.by_email = (await all(org.users.list({ emails: [somebody.email] }))).map((one) => one.id);
seen.somebody = somebody.id;
seen.promoted = (await org.users.update(somebody.id, { role: "owner" })).role;
seen.demoted = (await org.users.update(somebody.id, { role: "reader" })).role;
const group = await org.groups.create({ name: "Strangers" });
seen.renamed = (await org.groups.update(group.id, { name: "Friends" })).name;
await org.groups.users.create(group.id, { user_id: somebody.id });
seen.members = (await all(org.groups.users.list(group.id, { limit: 1 }))).map((one) => one.id);
seen.member = (await org.groups.users.retrieve(somebody.id, { group_id: group.id })).id;
seen.removed = (await org.groups.users.delete(somebody.id, { group_id: group.id })).deleted;
seen.groups = (await all(org.groups.list())).map((one) => one.name);
seen.group_deleted = (await org.groups.delete(group.id)).deleted;
seen.log = (await all(org.auditLogs.list({ limit: 3, event_types: ["group.created", "group.deleted"] }))).map((one) => one.type);
const start = Math.floor(Date.now() / 1000) - 3 * 86400;
seen.buckets = (await org.usage.completions({ start_time: start, bucket_width: "1d", group_by: ["user_id"], limit: 3 })).data.length;
seen.costs = (await org.usage.costs({ start_time: start, limit: 3 })).object;
seen.retention = (await org.dataRetention.retrieve()).type;
seen.user_deleted = (await org.users.delete(somebody.id)).deleted;
try {
  await org.users.retrieve(somebody.id);
} catch (error) {
  seen.gone = [error.constructor.name, error.status, typeof error.requestID];
}
process.stdout.write(JSON.stringify(seen));
