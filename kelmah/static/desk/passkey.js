// The form of desk/passkey.html: asks the browser for a passkey, and sends what it gives.
"use strict";

const form = document.getElementById("passkey-form");
const refused = document.getElementById("passkey-refused");

async function askBrowser(options) {
    return form.dataset.isNew === "true"
        ? navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
        : navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
}

form.hidden = !(window.PublicKeyCredential && PublicKeyCredential.parseRequestOptionsFromJSON);
form.addEventListener("submit", async (event) => {
    event.preventDefault();
    refused.hidden = true;
    try {
        const credential = await askBrowser(JSON.parse(document.getElementById("passkey-options").textContent));
        form.elements.passkey.value = JSON.stringify(credential.toJSON());
    } catch {
        refused.hidden = false;
        return;
    }
    form.submit();
});
