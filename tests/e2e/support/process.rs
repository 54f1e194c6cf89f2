//! The command as people run it: a process with a data directory of its own.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use atlassian_sandbox::{Sandbox, SandboxConfig};
use serde_json::Value;

use super::Canaries;

/// A master key, in base64.
pub(crate) const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A process that ended.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Finished {
    /// What was printed, as JSON: the last line.
    pub(crate) fn json(&self) -> Value {
        let line = self.stdout.lines().last().unwrap_or_default();
        serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    /// One sentence on standard error, a hint, and this exit code.
    pub(crate) fn fails_with(self, code: i32, words: &str) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        assert!(self.stderr.starts_with("error: ") && self.stderr.contains("\nhint: "), "{self:?}");
        assert!(self.stderr.contains(words), "no \"{words}\" in {self:?}");
        assert!(!self.stderr.contains("panicked"), "{self:?}");
        self
    }
}

/// A data directory, and everything else that the command looks at.
pub(crate) struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The command with these arguments, not yet run.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_actionbay-under-test"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.folder.path())
            .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
            .env("ACTIONBAY_HOME", self.data())
            .env("ACTIONBAY_MASTER_KEY", MASTER_KEY)
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Finished {
        finish(self.command(arguments))
    }

    /// Every file below, with its bytes.
    pub(crate) fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        fn walk(folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    walk(&path, files);
                } else {
                    files.push((path.clone(), std::fs::read(path).unwrap_or_default()));
                }
            }
        }
        let mut files = Vec::new();
        walk(self.folder.path(), &mut files);
        files
    }
}

/// A data directory with a connection to a sandbox.
pub(crate) fn connected() -> (Home, Sandbox) {
    let sandbox = Sandbox::start(SandboxConfig::default()).unwrap();
    let home = Home::new();
    home.run(&["authorize", "confluence", "--sandbox", sandbox.url()]).ok();
    (home, sandbox)
}

pub(crate) fn finish(mut command: Command) -> Finished {
    let output = command.output().unwrap();
    Finished {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs it to its end, and says how much memory it had at most, in bytes.
pub(crate) fn peak(mut command: Command) -> (Finished, u64) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut most = 0;
    // The mark only rises, and is gone with the process.
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let mark = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        most = mark.and_then(|kilobytes| kilobytes.trim().parse::<u64>().ok()).unwrap_or(most);
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let output = child.wait_with_output().unwrap();
    let finished = Finished {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    };
    (finished, most * 1024)
}

/// A free port below those that the system gives to whoever asks for any, so that no other test gets it meanwhile; each
/// test that asks gives another number.
pub(crate) fn port_of_nobody(test: u16) -> u16 {
    let from = u16::try_from(std::process::id() % 10_000).unwrap() + 20_000 + test * 1_000;
    (from..from + 1_000).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap()
}

/// A sandbox behind a proxy that learns the secrets of what passes.
pub(crate) struct ProxiedSandbox {
    pub(crate) canaries: Canaries,
    pub(crate) url: String,
    _sandbox: Sandbox,
}

impl ProxiedSandbox {
    pub(crate) fn start() -> Self {
        let sandbox = Sandbox::start(SandboxConfig::default()).unwrap();
        let upstream = sandbox.url().trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let canaries = Canaries::default();
        let learned = canaries.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (upstream, learned) = (upstream.clone(), learned.clone());
                std::thread::spawn(move || pass(&client, &TcpStream::connect(upstream).unwrap(), &learned));
            }
        });
        Self { canaries, url, _sandbox: sandbox }
    }
}

/// Passes both ways until either side ends, and learns from all that passed.
fn pass(client: &TcpStream, server: &TcpStream, canaries: &Canaries) {
    let all = Arc::new(Mutex::new(Vec::new()));
    let pump = |mut from: &TcpStream, mut to: &TcpStream| {
        let mut buffer = [0u8; 16 << 10];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            let mut all = all.lock().unwrap();
            all.extend_from_slice(&buffer[..count]);
            learn(&all, canaries);
            if to.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(std::net::Shutdown::Write);
    };
    std::thread::scope(|scope| {
        scope.spawn(|| pump(client, server));
        pump(server, client);
    });
}

/// Learns from every JSON object in what passed, and from the code in a redirect.
fn learn(bytes: &[u8], canaries: &Canaries) {
    let text = String::from_utf8_lossy(bytes);
    for (start, _) in text.match_indices("\r\n\r\n{") {
        let object = &text[start + 4..];
        let mut values = serde_json::Deserializer::from_str(object).into_iter::<Value>();
        if let Some(Ok(value)) = values.next() {
            canaries.learn(value.to_string().as_bytes());
        }
    }
}
