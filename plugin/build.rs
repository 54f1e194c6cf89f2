//! Makes of each schema beside the templates an expression for them to include: without the white space, which is for
//! people, and in pieces. What several schemas say in the same words is one piece that they share, since their texts
//! would be a seventh of the component.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs, mem};

use serde_json::Value;

const TEMPLATES: &str = "src/templates";

/// What is shorter takes more room for being apart.
const SHORTEST_PIECE: usize = 20;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={TEMPLATES}");
    let out_dir = env::var_os("OUT_DIR").map(PathBuf::from).ok_or("not run by cargo")?;
    let mut schemas = BTreeMap::new();
    read(Path::new(TEMPLATES), &mut schemas)?;
    let mut times = HashMap::new();
    schemas.values().for_each(|schema| count(schema, &mut times));
    times.retain(|member, times| *times > 1 && member.len() >= SHORTEST_PIECE);
    for (name, schema) in &schemas {
        let mut pieces = Pieces::default();
        pieces.add(schema, &times);
        let pieces = pieces.finish();
        let fields: Vec<_> =
            schema["properties"].as_object().into_iter().flat_map(|fields| fields.keys()).collect();
        let schema = format!("crate::templates::Schema {{ pieces: &{pieces:?}, fields: &{fields:?} }}");
        let file = out_dir.join(format!("{name}.rs"));
        // What is built from it stays fresh where nothing changed.
        if fs::read(&file).ok().as_deref() != Some(schema.as_bytes()) {
            fs::write(file, schema)?;
        }
    }
    Ok(())
}

/// The schemas in a folder and below, by the names of their files.
fn read(folder: &Path, schemas: &mut BTreeMap<String, Value>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read(&path, schemas)?;
        } else if path.extension().is_some_and(|end| end == "json") {
            println!("cargo::rerun-if-changed={}", path.display());
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            schemas.insert(name, serde_json::from_str(&fs::read_to_string(&path)?)?);
        }
    }
    Ok(())
}

/// Counts how often each member of an object stands anywhere.
fn count(value: &Value, times: &mut HashMap<String, usize>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            *times.entry(member(name, value)).or_default() += 1;
            count(value, times);
        }),
        Value::Array(items) => items.iter().for_each(|item| count(item, times)),
        _ => {}
    }
}

fn member(name: &str, value: &Value) -> String {
    format!("{}:{value}", Value::from(name))
}

/// A text in pieces.
#[derive(Default)]
struct Pieces {
    done: Vec<String>,
    last: String,
}

impl Pieces {
    fn add(&mut self, value: &Value, shared: &HashMap<String, usize>) {
        match value {
            Value::Object(members) => {
                let mut before = '{';
                for (name, value) in members {
                    self.last.push(mem::replace(&mut before, ','));
                    let member = member(name, value);
                    if shared.contains_key(&member) {
                        self.cut();
                        self.done.push(member);
                    } else {
                        self.last.push_str(&format!("{}:", Value::from(name.as_str())));
                        self.add(value, shared);
                    }
                }
                self.last.push_str(if members.is_empty() { "{}" } else { "}" });
            }
            Value::Array(items) => {
                let mut before = '[';
                for item in items {
                    self.last.push(mem::replace(&mut before, ','));
                    self.add(item, shared);
                }
                self.last.push_str(if items.is_empty() { "[]" } else { "]" });
            }
            _ => self.last.push_str(&value.to_string()),
        }
    }

    fn cut(&mut self) {
        self.done.extend(Some(mem::take(&mut self.last)).filter(|text| !text.is_empty()));
    }

    fn finish(mut self) -> Vec<String> {
        self.cut();
        self.done
    }
}
