//! Rotation of the master key, by the command: killed at any moment, wrongly called, and while others go on.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use actionbay::vault::{KeySource, Keyring, SecretPlace, SqliteStore, Vault};
use atlassian_sandbox::{Sandbox, SandboxConfig};
use serde_json::{Value, json};

use crate::support::{Finished, Home, MASTER_KEY, finish};

/// A master key other than that of every home.
const OTHER_KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/// How many owners have secrets: enough for a rotation to take some time.
const OWNERS: usize = 40;

/// How often a rotation is killed.
const KILLS: u64 = 40;

/// A store with secrets, its master key in the file where the command makes it.
struct Sealed {
    home: Home,
}

impl Sealed {
    fn new() -> Self {
        let sealed = Self { home: Home::new() };
        sealed.run(&["connections", "list"]).ok();
        let vault = sealed.vault();
        for owner in 0..OWNERS {
            let secrets = ["access-token", "refresh-token"]
                .map(|field| (place(owner, field), format!("{field} of {owner}").into()));
            let secrets: Vec<_> = secrets.iter().map(|(place, secret)| (place.clone(), secret)).collect();
            vault.commit_with(&[], &secrets).unwrap();
        }
        sealed
    }

    fn key_file(&self, ending: &str) -> PathBuf {
        self.home.path().join(format!(".config/actionbay/master.key{ending}"))
    }

    fn key_id(&self, ending: &str) -> String {
        KeySource::File(self.key_file(ending)).read(false).unwrap().id_text()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.home.command(arguments);
        command.env_remove("ACTIONBAY_MASTER_KEY");
        command
    }

    fn run(&self, arguments: &[&str]) -> Finished {
        finish(self.command(arguments))
    }

    /// The vault, with the keys that every process takes.
    fn vault(&self) -> Vault {
        let source = |ending| KeySource::File(self.key_file(ending));
        self.vault_with(Keyring::from_sources(source(""), vec![source(".new")], false).unwrap())
    }

    fn vault_with(&self, keys: impl Into<Keyring>) -> Vault {
        let store = SqliteStore::open(&self.home.data().join("actionbay.db")).unwrap();
        Vault::open(Arc::new(store), keys).unwrap()
    }

    fn assert_all_open(&self, vault: &Vault) {
        for owner in 0..OWNERS {
            for field in ["access-token", "refresh-token"] {
                let secret = vault.read(&place(owner, field)).unwrap().unwrap();
                assert!(expose(&secret) == format!("{field} of {owner}"));
            }
        }
    }
}

fn place(owner: usize, field: &'static str) -> SecretPlace {
    SecretPlace::new("default", format!("connection/c-{owner}"), field)
}

fn expose(secret: &actionbay::secret::SecretString) -> &str {
    actionbay::secret::ExposeSecret::expose_secret(secret)
}

/// Numbers that look random, the same in every run (xorshift).
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[test]
fn a_rotation_that_is_killed_again_and_again_loses_no_secret_and_ends_when_it_is_let() {
    let sealed = Sealed::new();
    let begun = Instant::now();
    sealed.run(&["vault", "rotate-key"]).ok();
    let whole = begun.elapsed();
    let running = sealed.vault();
    let (mut random, mut killed, mut begun_only) = (0x5eed_u64, 0, 0);
    for _ in 0..KILLS {
        let mut child = sealed
            .command(&["vault", "rotate-key"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(whole.mul_f64((next(&mut random) % 1_000) as f64 / 1_000.0));
        child.kill().unwrap();
        killed += usize::from(!child.wait().unwrap().success());
        let vault = sealed.vault();
        sealed.assert_all_open(&vault);
        begun_only += usize::from(vault.master_keys().unwrap().len() == 2);
    }
    assert!(killed >= 10, "{killed} of {KILLS} were killed before they ended");
    assert!(begun_only >= 1, "{begun_only} kills were between the first step and the last");
    sealed.run(&["vault", "rotate-key"]).ok();
    let key = KeySource::File(sealed.key_file("")).read(false).unwrap();
    sealed.assert_all_open(&sealed.vault_with(key));
    assert!(!sealed.key_file(".new").exists());
    let status = sealed.run(&["--json", "vault", "status"]).ok().json();
    assert_eq!(
        status,
        json!([{"id": sealed.key_id(""), "retiring": false, "at-hand": true, "data-keys": OWNERS, "secrets": 0}])
    );
    // Long out of date, it is told so rather than handed something else.
    drop(running);
    let old = KeySource::File(sealed.key_file(".old")).read(false).unwrap();
    let store = SqliteStore::open(&sealed.home.data().join("actionbay.db")).unwrap();
    assert_eq!(Vault::open(Arc::new(store), old).unwrap_err().code, "wrong-master-key");
}

#[test]
fn a_rotation_that_died_while_the_key_files_change_places_is_ended_by_the_next() {
    for step in ["nothing moved", "old one kept"] {
        let sealed = Sealed::new();
        let (file, new, old) = (sealed.key_file(""), sealed.key_file(".new"), sealed.key_file(".old"));
        // As far as the store goes, the rotation has ended.
        let key = KeySource::File(new.clone()).read(true).unwrap();
        sealed.vault().rotate_to(&key).unwrap();
        if step == "old one kept" {
            std::fs::hard_link(&file, &old).unwrap();
        }
        sealed.run(&["connections", "list"]).ok();
        let before = sealed.key_id("");
        sealed.run(&["vault", "rotate-key"]).ok();
        assert_eq!((sealed.key_id(""), sealed.key_id(".old")), (key.id_text(), before), "{step}");
        assert!(!new.exists());
        let files = std::fs::read_dir(file.parent().unwrap()).unwrap().count();
        assert_eq!(files, 2, "no draft is left behind");
        sealed.assert_all_open(&sealed.vault());
    }
}

#[test]
fn a_process_that_runs_on_reads_and_writes_through_a_rotation() {
    let sealed = Sealed::new();
    let running = sealed.vault();
    let before = sealed.key_id("");
    let told = sealed.run(&["--json", "vault", "rotate-key"]).ok().json();
    assert_eq!(told["rotated"]["from"], before);
    assert_eq!(told["rotated"]["to"], sealed.key_id(""));
    assert_eq!(told["rotated"]["data-keys"], OWNERS);
    assert_eq!(sealed.key_id(".old"), before);
    sealed.assert_all_open(&running);
    let secret = "access-token of 0".to_owned().into();
    running.commit_with(&[], &[(place(0, "access-token"), &secret)]).unwrap();
    sealed.assert_all_open(&sealed.vault());
}

#[test]
fn keys_of_the_environment_are_rotated_and_a_process_with_the_old_one_alone_is_told_so() {
    let home = Home::new();
    let with = |arguments: &[&str], old: &str, new: Option<&str>| {
        let mut command = home.command(arguments);
        command.env("ACTIONBAY_MASTER_KEY", old);
        new.map(|new| command.env("ACTIONBAY_NEW_MASTER_KEY", new));
        finish(command)
    };
    home.run(&["connections", "list"]).ok();
    let rotate = ["vault", "rotate-key"];
    with(&rotate, MASTER_KEY, None).fails_with(2, "no new key");
    with(&rotate, MASTER_KEY, Some("short")).fails_with(1, "not 32 bytes");
    with(&rotate, OTHER_KEY, None).fails_with(1, "sealed with the master key");
    let told = with(&rotate, MASTER_KEY, Some(OTHER_KEY)).ok();
    assert!(told.stdout.contains("Set ACTIONBAY_MASTER_KEY"), "{told:?}");
    assert!(!format!("{told:?}").contains(OTHER_KEY), "{told:?}");
    with(&["connections", "list"], MASTER_KEY, Some(OTHER_KEY)).ok();
    with(&["connections", "list"], OTHER_KEY, None).ok();
    with(&["connections", "list"], MASTER_KEY, None).fails_with(1, "sealed with the master key");
    assert!(with(&rotate, OTHER_KEY, Some(OTHER_KEY)).ok().stdout.contains("Nothing is left to do"));
}

#[test]
fn a_rotation_that_is_called_wrongly_says_so_and_changes_nothing() {
    let home = Home::new();
    home.run(&["vault", "rotate-key", "--new-key-file", "k"]).fails_with(2, "no store");
    home.run(&["vault", "status"]).fails_with(2, "no store");
    assert!(home.files().is_empty(), "asking makes nothing");
    let sealed = Sealed::new();
    let before = sealed.key_id("");
    let inside = sealed.home.data().join("new.key");
    let path = |name: &str| sealed.home.path().join(name).to_str().unwrap().to_owned();
    let rotate = |file: &str| sealed.run(&["vault", "rotate-key", "--new-key-file", file]);
    rotate(inside.to_str().unwrap()).fails_with(2, "in the data directory");
    assert!(!inside.exists());
    std::fs::write(path("letter"), "dear key").unwrap();
    set_mode(&path("letter"), 0o644);
    rotate(&path("letter")).fails_with(2, "may be read by others");
    set_mode(&path("letter"), 0o600);
    rotate(&path("letter")).fails_with(2, "not 32 bytes");
    let mut both = sealed.command(&["vault", "rotate-key", "--new-key-file", &path("k")]);
    both.env("ACTIONBAY_NEW_MASTER_KEY", OTHER_KEY);
    finish(both).fails_with(2, "Both");
    assert_eq!(sealed.run(&["vault", "rotate-key", "--no-such-option"]).code, 2);
    assert_eq!(sealed.key_id(""), before);
    assert!(!sealed.key_file(".new").exists() && !sealed.key_file(".old").exists());
    sealed.assert_all_open(&sealed.vault());
    // The file named is made, and a second rotation by the same file has nothing to do.
    rotate(&path("keys/k")).ok();
    let made = KeySource::File(path("keys/k").into()).read(false).unwrap();
    assert_eq!((sealed.key_id(""), sealed.key_id(".old")), (made.id_text(), before.clone()));
    assert!(rotate(&path("keys/k")).ok().stdout.contains("Nothing is left to do"));
    assert_eq!(sealed.key_id(".old"), before);
}

fn set_mode(path: &str, mode: u32) {
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
}

#[test]
fn a_master_key_comes_from_a_command_whose_output_is_never_shown() {
    let home = Home::new();
    let with = |line: &str| {
        let mut command = home.command(&["--json", "connections", "list"]);
        command.env_remove("ACTIONBAY_MASTER_KEY").env("ACTIONBAY_MASTER_KEY_COMMAND", line);
        command.env("PATH", "/usr/bin:/bin");
        finish(command)
    };
    let told: Value = with(&format!("echo {MASTER_KEY}")).ok().json();
    assert_eq!(told, json!([]));
    home.run(&["connections", "list"]).ok();
    assert!(!home.path().join(".config/actionbay/master.key").exists());
    let script = home.path().join("script");
    std::fs::write(&script, format!("echo {MASTER_KEY}; echo {MASTER_KEY} >&2; exit 9")).unwrap();
    let failed = with(&format!("sh {}", script.display()));
    assert_eq!((failed.code, &failed.json()["error"]["code"]), (1, &json!("master-key-command")));
    let all = format!("{failed:?}");
    assert!(all.contains("exit status: 9") && !all.contains(MASTER_KEY), "{all}");
}

#[test]
fn of_two_rotations_at_once_one_is_told_to_wait() {
    let sealed = Sealed::new();
    let lock = std::fs::File::create(sealed.home.data().join("rotation.lock")).unwrap();
    lock.lock().unwrap();
    sealed.run(&["vault", "rotate-key"]).fails_with(1, "Another process");
    assert!(!sealed.key_file(".new").exists());
    drop(lock);
    sealed.run(&["vault", "rotate-key"]).ok();
}

#[test]
fn a_connection_that_is_replaced_and_an_authorization_that_is_over_take_their_data_keys_along() {
    let sandbox = Sandbox::start(SandboxConfig::default()).unwrap();
    let home = Home::new();
    for _ in 0..3 {
        home.run(&["authorize", "confluence", "--sandbox", sandbox.url()]).ok();
        let connections = home.run(&["--json", "connections", "list"]).ok().json();
        let status = home.run(&["--json", "vault", "status"]).ok().json();
        let (connections, profiles) = (connections.as_array().unwrap().len(), 1);
        assert_eq!(status[0]["data-keys"], json!(connections + profiles), "{status}");
    }
    let mut rotate = home.command(&["vault", "rotate-key"]);
    rotate.env("ACTIONBAY_NEW_MASTER_KEY", OTHER_KEY);
    finish(rotate).ok();
    let mut run = home.command(&["run", "confluence", "list-pages", "--set", "space=DOCS"]);
    run.env("ACTIONBAY_MASTER_KEY", OTHER_KEY);
    finish(run).ok();
}
