//! Builds the integration that ships inside the command, where the feature `builtin` is on, and
//! generates `builtin.rs`: `COMPONENTS`, of each its id, its bytes and their digest, and `HOSTS`, which they call.

fn main() -> std::process::ExitCode {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "builtin")]
    if let Err(error) = builtin::build_all() {
        eprintln!("{error}");
        return std::process::ExitCode::FAILURE;
    }
    std::process::ExitCode::SUCCESS
}

#[cfg(feature = "builtin")]
mod builtin {
    use std::env;
    use std::error::Error;
    use std::fmt::Write as _;
    use std::path::PathBuf;

    use actionbay_component::{Source, build, shared_target_dir, write_if_changed};

    /// Of each integration its id, the folder of its crate and the crate's name.
    const INTEGRATIONS: [(&str, &str, &str); 1] = [("confluence", "../plugin", "actionbay-confluence")];

    /// What they call, for an operator who says nothing: Atlassian's authorization server, API gateway and store of files,
    /// and sites by their own address, which is where API tokens go.
    const HOSTS: [&str; 2] = ["https://*.atlassian.com", "https://*.atlassian.net"];

    pub(super) fn build_all() -> Result<(), Box<dyn Error>> {
        let host = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or("not run by cargo")?);
        let out_dir = PathBuf::from(env::var_os("OUT_DIR").ok_or("not run by cargo")?);
        let target_dir = shared_target_dir(&out_dir)?;

        let mut entries = String::new();
        for (id, folder, package) in INTEGRATIONS {
            let source = Source::new(host.join(folder).join("Cargo.toml"), &target_dir).package(package);
            for component in build(&source)? {
                for file in &component.sources {
                    println!("cargo::rerun-if-changed={}", file.display());
                }
                let file = format!("builtin/{id}.wasm");
                write_if_changed(&out_dir.join(&file), &component.bytes)?;
                writeln!(
                    entries,
                    "    BuiltIn {{ id: {id:?}, digest: {:?}, bytes: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{file}\")) }},",
                    component.digest()
                )?;
            }
        }
        // A new file of the contract is among nobody's sources yet.
        println!("cargo::rerun-if-changed=../wit");
        let table = format!(
            "pub(crate) static COMPONENTS: &[BuiltIn] = &[\n{entries}];\n\
             pub(crate) static HOSTS: &[&str] = &{HOSTS:?};\n"
        );
        write_if_changed(&out_dir.join("builtin.rs"), table.as_bytes())?;
        Ok(())
    }
}
