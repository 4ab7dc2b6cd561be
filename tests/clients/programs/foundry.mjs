// The official Foundry client for TypeScript, which puts the API below /anthropic.
import AnthropicFoundry from "@anthropic-ai/foundry-sdk";

const [baseURL, model] = process.argv.slice(2);
const client = new AnthropicFoundry({
  baseURL: `${baseURL}/anthropic`,
  apiKey: "k".repeat(20),
  maxRetries: 0,
});
const asked = { model, max_tokens: 64, messages: [{ role: "user", content: "hello" }] };
const whole = await client.messages.create(asked);
const final = await client.messages.stream(asked).finalMessage();
console.log(
  JSON.stringify({ whole: whole.content[0].text, streamed: final.content[0].text }),
);
