// The official TypeScript SDK: whole, streamed, counted, listed, with a tool runner, and an error.
import Anthropic from "@anthropic-ai/sdk";

const [baseURL, model] = process.argv.slice(2);
const client = new Anthropic({ baseURL, apiKey: "none", maxRetries: 0 });
const messages = [{ role: "user", content: "hello" }];
const asked = { model, max_tokens: 64, messages };
const whole = await client.messages.create(asked);
const stream = client.messages.stream(asked);
let streamed = "";
stream.on("text", (text) => (streamed += text));
const final = await stream.finalMessage();
const counted = await client.messages.countTokens({ model, messages });
const models = [];
for await (const each of client.models.list()) models.push(each.id);
const add = {
  type: "custom",
  name: "add",
  description: "Adds.",
  input_schema: { type: "object", properties: { a: { type: "integer" } }, required: ["a"] },
  run: async ({ a }) => String(a + 1),
  parse: (input) => input,
};
const done = await client.beta.messages.toolRunner({
  ...asked,
  messages: [{ role: "user", content: "use the tool" }],
  tools: [add],
});
let error = "";
try {
  await client.messages.create({ ...asked, model: "no-such" });
} catch (raised) {
  error = `${raised.constructor.name} ${raised.status}`;
}
console.log(
  JSON.stringify({
    whole: whole.content[0].text,
    input_tokens: whole.usage.input_tokens,
    streamed,
    stop_reason: final.stop_reason,
    counted: counted.input_tokens,
    models,
    tool: done.content.map((block) => block.text).join(""),
    error,
  }),
);
