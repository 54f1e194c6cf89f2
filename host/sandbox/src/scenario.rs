//! The scenario of the quick start, as data: which templates to run, with which input.

use serde::Serialize;
use serde_json::{Value, json};

/// Templates to run one after another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scenario {
    /// The id of the integration whose templates these are.
    pub integration: String,
    /// The steps, in order.
    pub steps: Vec<Step>,
}

/// One run of a template.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// The template's id.
    pub template: String,
    /// Its input. A value `{"$ref": {"step": 0, "pointer": "/id"}}` stands for what the JSON pointer finds in
    /// the output of an earlier step, counted from 0.
    pub input: Value,
}

/// Creates a page in the seeded space `DOCS`, then reads it back as Markdown.
pub fn quickstart() -> Scenario {
    let step = |template: &str, input| Step { template: template.to_owned(), input };
    Scenario {
        integration: "confluence".to_owned(),
        steps: vec![
            step(
                "create-content",
                json!({
                    "type": "page",
                    "space": "DOCS",
                    "title": "Hello from Actionbay",
                    "body": PAGE,
                    "format": "markdown",
                }),
            ),
            step(
                "view-content",
                json!({"id": {"$ref": {"step": 0, "pointer": "/id"}}, "format": "markdown"}),
            ),
        ],
    }
}

const PAGE: &str = "\
## What just happened

A sandboxed component wrote this page. It never saw a token: the host added the credential on the way out.

- the host connected your account
- the component turned *Markdown* into **storage format**
- Confluence stored the page

| part | holds a secret |
|---|---|
| component | no |
| host | yes, sealed |

```sh
actionbay run confluence view-content --set id=12345
```

- [x] Connect an account
- [x] Create a page
- [ ] Write one of your own
";
