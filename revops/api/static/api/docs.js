"use strict";

// No validator: it would send our address to somebody else's server.
SwaggerUIBundle({
  url: document.getElementById("description").dataset.schema,
  dom_id: "#description",
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  validatorUrl: null,
});
