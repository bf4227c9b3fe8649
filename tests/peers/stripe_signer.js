// Stripe's own SDK for Node signs what comes on standard input, as Stripe signs webhooks; the header goes to standard
// output. Arguments: the secret, and the unix time of signing.
const Stripe = require("stripe");
const [secret, at] = process.argv.slice(2);
const payload = require("fs").readFileSync(0, "utf8");
const stripe = new (Stripe.default || Stripe)("sk_test_signer");
process.stdout.write(stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp: Number(at) }));
