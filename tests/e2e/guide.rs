//! The guide for authors of plugins, as it is written: every file and every command in it, from an empty folder.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use url::Url;

use crate::support::{Browser, Home, MASTER_KEY, finish, port_of_nobody};

const GUIDE: &str = include_str!("../../plugin/GUIDE.md");

/// The port of its vendor, in whose place there is one that is free.
const PORT: &str = "8990";

/// What a block of the guide is for.
enum Block {
    /// A file with this name, to be written.
    File(String, String),
    /// Commands, to be run.
    Commands(String),
    /// Lines that the commands before printed.
    Printed(Vec<String>),
}

/// The fenced blocks of a Markdown text. One of another language than `sh` and `text` is a file, which the line before it
/// names.
fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut name = None;
    let mut lines = markdown.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            blocks.push(match language {
                "sh" => Block::Commands(text.join("\n")),
                "text" => Block::Printed(text.iter().map(|line| line.trim().to_owned()).collect()),
                _ => Block::File(name.take().expect("a file without a name"), text.join("\n")),
            });
        } else if !line.is_empty() {
            name = line.strip_prefix('`').and_then(|rest| rest.strip_suffix("`:")).map(str::to_owned);
        }
    }
    blocks
}

/// A script that does what the guide says, with a mark after each of its blocks of commands, and for each what it must
/// have printed.
fn script(blocks: Vec<Block>) -> (String, Vec<Vec<String>>) {
    let mut script = "set -eu -o pipefail\ntrap 'kill $(jobs -p)' EXIT\n".to_owned();
    let mut printed: Vec<Vec<String>> = Vec::new();
    for block in blocks {
        match block {
            Block::File(name, text) => {
                script.push_str(&format!("cat > '{name}' <<'END OF FILE'\n{text}\nEND OF FILE\n"))
            }
            Block::Commands(text) => {
                script.push_str(&format!("{text}\necho '{MARK}'\n"));
                printed.push(Vec::new());
            }
            Block::Printed(lines) => printed.last_mut().expect("what printed it?").extend(lines),
        }
    }
    (script, printed)
}

const MARK: &str = "=== the next block ===";

fn executable(file: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(file, text).unwrap();
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn the_guide_leads_from_an_empty_folder_to_an_integration_that_runs_as_it_is_written() {
    let port = port_of_nobody(7).to_string();
    let (script, printed) = script(blocks(&GUIDE.replace(PORT, &port)));
    let (tools, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let command = env!("CARGO_BIN_EXE_actionbay-under-test");
    // The command by its own name. Where the vendor sends people back to is any free port.
    executable(
        &tools.path().join("actionbay"),
        &format!(
            "#!/bin/bash\n[ \"$1\" = authorize ] && set -- \"$@\" --callback-port 0\nexec '{command}' \"$@\"\n"
        ),
    );
    // A person's browser is told where to go.
    let opened = TcpListener::bind("127.0.0.1:0").unwrap();
    let told = opened.local_addr().unwrap().port();
    executable(
        &tools.path().join("browser"),
        &format!("#!/bin/bash\nexec 3<>/dev/tcp/127.0.0.1/{told}\nprintf '%s\\n' \"$1\" >&3\n"),
    );
    std::thread::spawn(move || {
        let mut url = String::new();
        BufReader::new(opened.accept().unwrap().0).read_line(&mut url).unwrap();
        Browser::stopping_at("nowhere:").get(&Url::parse(url.trim()).unwrap());
    });
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let path = format!("{}:{}", tools.path().display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("bash");
    shell
        .args(["-c", &format!("exec 2>&1\n{script}")])
        .current_dir(folder.path())
        .env("PATH", path)
        .env("ACTIONBAY", repository)
        .env("ACTIONBAY_MASTER_KEY", MASTER_KEY)
        .env("BROWSER", tools.path().join("browser"))
        .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
        // What this crate's own components were built from and into is there already.
        .env("CARGO_NET_OFFLINE", "true")
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap());
    let finished = finish(shell);
    assert_eq!(finished.code, 0, "{}", finished.stdout);
    let done: Vec<&str> = finished.stdout.split(MARK).collect();
    for (text, lines) in done.iter().zip(&printed) {
        for line in lines {
            assert!(text.contains(line), "{line:?} was not printed:\n{text}");
        }
    }
    assert!(printed.iter().flatten().count() >= 8, "the guide says what is printed");

    let notes = folder.path().join("notes");
    let recording = std::fs::read_to_string(notes.join("run.json")).unwrap();
    for secret in
        ["an-access-token-of-notes", "a-refresh-token-of-notes", "a-client-secret-of-notes", "a-code-of"]
    {
        assert!(!recording.contains(secret), "{recording}");
    }
    assert!(notes.join("home/components/notes.wasm").is_file());
}

#[test]
fn what_cannot_be_built_is_told_with_the_words_of_the_compiler() {
    let home = Home::new();
    let build = |arguments: &[&str]| {
        let mut command = home.command(&[&["build"], arguments].concat());
        for name in ["PATH", "HOME", "RUSTUP_HOME", "CARGO_HOME"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap());
        finish(command)
    };
    build(&[]).fails_with(2, "no crate to build");
    let manifest = "[package]\nname = \"broken\"\nedition = \"2024\"\n[lib]\ncrate-type = [\"cdylib\"]\n";
    std::fs::create_dir_all(home.path().join("broken/src")).unwrap();
    std::fs::write(home.path().join("broken/Cargo.toml"), manifest).unwrap();
    std::fs::write(home.path().join("broken/src/lib.rs"), "pub fn f() -> u8 { nowhere }").unwrap();
    let failed = build(&["broken"]);
    assert_eq!(failed.code, 1, "{failed:?}");
    assert!(failed.stderr.contains("cannot find value `nowhere`"), "{failed:?}");
    assert!(failed.stderr.contains("error: broken could not be built.\nhint: Mend"), "{failed:?}");
    assert!(!home.path().join("broken.wasm").exists());
}
