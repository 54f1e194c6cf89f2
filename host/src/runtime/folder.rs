//! A folder whose files a call may use.
//!
//! What is opened is a regular file that lies in the folder itself: a link is followed only to what lies in the folder
//! too, and no pipe or device is ever opened. What is made is written aside under a name of its own and gets the wished
//! name once it is whole; where that is taken, a number is put behind it, as in `plan (1).pdf`, and nothing is replaced.
//! Only its owner can read it, since it holds what one account may see.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::file_names::is_plain_name;
use super::files::{Files, Sink, SourceFile};
use crate::egress::{FileSource, Source};
use crate::failure::{Failure, FailureKind, Result, plain_text};

/// The highest number that is put behind a name.
const MOST_OF_A_NAME: u32 = 999;

/// The files of a folder. Cheap to clone.
#[derive(Debug, Clone)]
pub struct FolderFiles {
    folder: PathBuf,
    given: BTreeMap<String, PathBuf>,
    made: Arc<Mutex<Vec<PathBuf>>>,
}

impl FolderFiles {
    /// The files of this folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), given: BTreeMap::new(), made: Arc::default() }
    }

    /// Adds this file under this name, wherever it lies: for what a person named by its path.
    ///
    /// # Errors
    /// `Conflict` where another file has the name.
    pub fn give(&mut self, name: &str, path: impl Into<PathBuf>) -> Result<()> {
        let path = path.into();
        let known = self.given.entry(name.to_owned()).or_insert_with(|| path.clone());
        if *known == path {
            return Ok(());
        }
        Err(Failure::new(
            FailureKind::Conflict,
            "file-name-taken",
            format!("Two files are called \"{}\".", plain_text(name, 255)),
        ))
    }

    /// The files that were made, in order.
    pub fn made(&self) -> Vec<PathBuf> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Where the file of this name really lies.
    fn find(&self, name: &str) -> io::Result<PathBuf> {
        if let Some(path) = self.given.get(name) {
            return path.canonicalize();
        }
        let folder = self.folder.canonicalize()?;
        let path = folder.join(name).canonicalize()?;
        if is_plain_name(name) && path.starts_with(&folder) {
            Ok(path)
        } else {
            Err(io::ErrorKind::PermissionDenied.into())
        }
    }
}

impl Files for FolderFiles {
    fn open(&self, name: &str) -> Result<SourceFile> {
        let shown = plain_text(name, 255);
        let path = self.find(name).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Failure::new(
                FailureKind::NotFound,
                "file-not-found",
                format!("There is no file \"{shown}\" in the folder of the run."),
            )
            .hint("Check the name, and the folder."),
            io::ErrorKind::PermissionDenied => Failure::new(
                FailureKind::Denied,
                "file-outside",
                format!("\"{shown}\" leads out of the folder of the run, and was not opened."),
            )
            .hint("Copy the file into the folder."),
            _ => unusable(&shown, &error),
        })?;
        let file = open_regular(&path).map_err(|error| unusable(&shown, &error))?;
        let length = file.metadata().map_err(|error| unusable(&shown, &error))?.len();
        Ok(SourceFile {
            name: name.to_owned(),
            media_type: media_type_of(name).to_owned(),
            bytes: FileSource::new(Arc::new(Held { file: Arc::new(file), length })),
        })
    }

    fn create(&self, name: &str, _: &str) -> Result<Box<dyn Sink>> {
        if !is_plain_name(name) {
            return Err(unusable(&plain_text(name, 255), &io::ErrorKind::InvalidInput.into()));
        }
        let mut random = [0u8; 8];
        getrandom::fill(&mut random)
            .map_err(|_| Failure::internal("There is no randomness for the name of a file."))?;
        let aside = self.folder.join(format!(".actionbay-{:016x}.part", u64::from_be_bytes(random)));
        let file = owned(&aside).map_err(|error| unusable(name, &error))?;
        let (folder, name, made) = (self.folder.clone(), name.to_owned(), Arc::clone(&self.made));
        Ok(Box::new(Aside { file, aside, folder, name, made }))
    }
}

fn unusable(name: &str, error: &io::Error) -> Failure {
    Failure::new(
        FailureKind::InvalidInput,
        "file-unusable",
        format!("The file \"{name}\" cannot be used: {error}."),
    )
    .hint("Check that it is a plain file, who may read it, and that the folder may be written.")
}

/// Opens a file for reading if it is one, and never waits for somebody to write into a pipe.
fn open_regular(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // The path is resolved: a link that stands there now was put there since.
        options.custom_flags(no_wait_no_link());
    }
    let file = options.open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is no plain file")) }
}

#[cfg(unix)]
fn no_wait_no_link() -> i32 {
    use rustix::fs::OFlags;
    (OFlags::NONBLOCK | OFlags::NOFOLLOW).bits().cast_signed()
}

/// Makes a file that is not there yet, for its owner alone.
fn owned(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}

/// An open file, which stays the same whatever becomes of its name.
struct Held {
    file: Arc<File>,
    length: u64,
}

impl Source for Held {
    fn length(&self) -> u64 {
        self.length
    }

    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(FromStart { file: Arc::clone(&self.file), at: 0 }))
    }
}

/// Reads an open file by position, so that several readers do not move one another.
struct FromStart {
    file: Arc<File>,
    at: u64,
}

impl Read for FromStart {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        #[cfg(unix)]
        let count = std::os::unix::fs::FileExt::read_at(&*self.file, buffer, self.at)?;
        #[cfg(windows)]
        let count = std::os::windows::fs::FileExt::seek_read(&*self.file, buffer, self.at)?;
        self.at = self.at.saturating_add(count as u64);
        Ok(count)
    }
}

/// A file that is written aside.
struct Aside {
    file: File,
    aside: PathBuf,
    folder: PathBuf,
    name: String,
    made: Arc<Mutex<Vec<PathBuf>>>,
}

impl Write for Aside {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Sink for Aside {
    fn finish(self: Box<Self>) -> Result<String> {
        let (stem, ending) = match self.name.rsplit_once('.') {
            Some((stem, ending)) if !stem.is_empty() => (stem, format!(".{ending}")),
            _ => (self.name.as_str(), String::new()),
        };
        for number in 0..=MOST_OF_A_NAME {
            let name = if number == 0 { self.name.clone() } else { format!("{stem} ({number}){ending}") };
            let path = self.folder.join(&name);
            // Whoever makes the empty file has the name; what takes its place comes whole.
            match owned(&path) {
                Ok(_) => {
                    std::fs::rename(&self.aside, &path).map_err(|error| {
                        let _ = std::fs::remove_file(&path);
                        unusable(&name, &error)
                    })?;
                    self.made.lock().unwrap_or_else(PoisonError::into_inner).push(path);
                    return Ok(name);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(unusable(&name, &error)),
            }
        }
        Err(unusable(&self.name, &io::ErrorKind::AlreadyExists.into()))
    }
}

impl Drop for Aside {
    /// Removes what was not finished; what was is no longer there.
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.aside);
    }
}

/// What a file is by its ending, of those that people attach; a caller who knows better says so.
pub(crate) fn media_type_of(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    match ending.as_str() {
        "avif" => "image/avif",
        "bmp" => "image/bmp",
        "css" => "text/css",
        "csv" => "text/csv",
        "doc" => "application/msword",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "gif" => "image/gif",
        "gz" => "application/gzip",
        "html" | "htm" => "text/html",
        "jpeg" | "jpg" => "image/jpeg",
        "json" => "application/json",
        "log" | "txt" => "text/plain",
        "md" => "text/markdown",
        "mov" => "video/quicktime",
        "mp3" => "audio/mpeg",
        "mp4" => "video/mp4",
        "odp" => "application/vnd.oasis.opendocument.presentation",
        "ods" => "application/vnd.oasis.opendocument.spreadsheet",
        "odt" => "application/vnd.oasis.opendocument.text",
        "pdf" => "application/pdf",
        "png" => "image/png",
        "ppt" => "application/vnd.ms-powerpoint",
        "pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "svg" => "image/svg+xml",
        "tar" => "application/x-tar",
        "wav" => "audio/wav",
        "webm" => "video/webm",
        "webp" => "image/webp",
        "xls" => "application/vnd.ms-excel",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "xml" => "application/xml",
        "yaml" | "yml" => "application/yaml",
        "zip" => "application/zip",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes_of(files: &FolderFiles, name: &str) -> Result<Vec<u8>> {
        let opened = files.open(name)?;
        let mut bytes = Vec::new();
        opened.bytes.reader().unwrap().read_to_end(&mut bytes).unwrap();
        Ok(bytes)
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_of_the_folder_is_read_from_its_beginning_each_time_and_nothing_outside_is() {
        let outer = tempfile::tempdir().unwrap();
        let inner = outer.path().join("inner");
        std::fs::create_dir(&inner).unwrap();
        std::fs::write(outer.path().join("secret.txt"), "secret").unwrap();
        std::fs::write(inner.join("plan.txt"), "plan").unwrap();
        std::fs::create_dir(inner.join("sub")).unwrap();
        std::fs::write(inner.join("sub/deep.txt"), "deep").unwrap();
        let mut files = FolderFiles::new(&inner);
        files.give("given.txt", outer.path().join("secret.txt")).unwrap();
        let taken = files.give("given.txt", inner.join("plan.txt")).unwrap_err();
        assert_eq!(taken.code, "file-name-taken");
        assert_eq!(bytes_of(&files, "plan.txt").unwrap(), b"plan");
        assert_eq!(bytes_of(&files, "plan.txt").unwrap(), b"plan");
        assert_eq!(bytes_of(&files, "given.txt").unwrap(), b"secret", "a person named it by its path");
        for name in ["../secret.txt", "sub/deep.txt", "/etc/passwd", ".", "..", "sub", "absent.txt", "a\0b"] {
            assert!(bytes_of(&files, name).is_err(), "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_leads_nowhere_else_and_a_pipe_or_a_device_is_not_opened() {
        use std::os::unix::fs::symlink;
        let outer = tempfile::tempdir().unwrap();
        let inner = outer.path().join("inner");
        std::fs::create_dir(&inner).unwrap();
        std::fs::write(outer.path().join("secret.txt"), "secret").unwrap();
        std::fs::write(inner.join("plan.txt"), "plan").unwrap();
        symlink(outer.path().join("secret.txt"), inner.join("out.txt")).unwrap();
        symlink("plan.txt", inner.join("in.txt")).unwrap();
        symlink("/dev/zero", inner.join("zero")).unwrap();
        let status = std::process::Command::new("mkfifo").arg(inner.join("pipe")).status().unwrap();
        assert!(status.success());
        let mut files = FolderFiles::new(&inner);
        files.give("device", "/dev/zero").unwrap();
        files.give("pipe2", inner.join("pipe")).unwrap();
        assert_eq!(bytes_of(&files, "in.txt").unwrap(), b"plan");
        assert_eq!(bytes_of(&files, "out.txt").unwrap_err().code, "file-outside");
        assert_eq!(bytes_of(&files, "zero").unwrap_err().code, "file-outside");
        for name in ["pipe", "pipe2", "device"] {
            assert_eq!(bytes_of(&files, name).unwrap_err().code, "file-unusable", "{name}");
        }
    }

    #[test]
    fn a_new_file_is_there_when_it_is_whole_under_a_name_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let files = FolderFiles::new(folder.path());
        let make = |text: &str| {
            let mut sink = files.create("plan.tar.gz", "").unwrap();
            sink.write_all(text.as_bytes()).unwrap();
            sink
        };
        drop(make("given up"));
        assert!(names(folder.path()).is_empty());
        assert_eq!(make("one").finish().unwrap(), "plan.tar.gz");
        assert_eq!(make("two").finish().unwrap(), "plan.tar (1).gz");
        assert_eq!(names(folder.path()), ["plan.tar (1).gz", "plan.tar.gz"]);
        assert_eq!(std::fs::read(folder.path().join("plan.tar.gz")).unwrap(), b"one", "nothing is replaced");
        assert_eq!(files.made().len(), 2);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(folder.path().join("plan.tar.gz")).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "only its owner reads it");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_where_the_new_file_should_be_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/tmp/elsewhere-actionbay", folder.path().join("a.txt")).unwrap();
        let sink = FolderFiles::new(folder.path()).create("a.txt", "").unwrap();
        assert_eq!(sink.finish().unwrap(), "a (1).txt");
        assert!(!Path::new("/tmp/elsewhere-actionbay").exists());
    }
}
