//! Opens a million handles and closes none: of the caller's files, and of things of its own.

use support::action::{Manifest, Template, TemplateCall};
use support::connections::Connection;
use support::types::Failure;
use support::{files, manifest, template};

wit_bindgen::generate!({ path: "wit", world: "opens-handles" });

use exports::guest::handles::things;

const MILLION: u32 = 1_000_000;

/// An input that names a file.
const FILE: &str = r#"{"type": "object", "properties": {"file": {"type": "string", "format": "file"}}}"#;

struct OpensAMillionHandles;

impl support::Behaviour for OpensAMillionHandles {
    const ID: &str = "opens-a-million-handles";

    fn describe() -> Manifest {
        let run = Template { input_schema: FILE.into(), ..template("run") };
        Manifest { templates: vec![run], ..manifest(Self::ID) }
    }

    fn run(call: TemplateCall, _: &Connection) -> Result<String, Failure> {
        match support::field(&call, "file").as_str() {
            Some(name) => {
                let opened: Result<Vec<_>, _> = (0..MILLION).map(|_| files::open(name)).collect();
                drop(opened?);
            }
            None => drop((0..MILLION).map(|_| things::Thing::new(Thing)).collect::<Vec<_>>()),
        }
        Ok(call.input)
    }
}

struct Thing;

impl things::GuestThing for Thing {
    fn new() -> Self {
        Self
    }
}

impl things::Guest for OpensAMillionHandles {
    type Thing = Thing;
}

export!(OpensAMillionHandles);
support::export!(OpensAMillionHandles);
