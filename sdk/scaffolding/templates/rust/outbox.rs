//! Messages as files of a folder, from which another program sends them on. One that is there is not written again.

use std::collections::hash_map::RandomState;
use std::fs::{self, File};
use std::hash::{BuildHasher, Hasher};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use tasker_sdk::Failure;

pub struct Outbox {
    folder: PathBuf,
}

impl Outbox {
    /// Makes the folder. Fails when none is named, or it cannot be made.
    pub fn at(folder: &Path) -> Result<Outbox, Failure> {
        if folder.as_os_str().is_empty() {
            return Err(Failure::fail("outbox.no_folder", "the plugin's configuration names no `outbox`"));
        }
        fs::create_dir_all(folder)?;
        Ok(Outbox { folder: folder.to_path_buf() })
    }

    /// The file appears whole or not at all. Fails for good for a recipient that is none.
    pub fn deliver(&self, id: &str, to: &str, subject: &str, text: &str) -> Result<(), Failure> {
        if !to.contains('@') || to.chars().any(char::is_control) {
            return Err(Failure::fail("outbox.bad_address", format!("no address to send to: {to}")));
        }
        let message = format!("To: {to}\nSubject: {subject}\nMessage-ID: {id}\n\n{text}\n");
        self.put(&self.path_of(id), &message).map_err(|error| Failure::retry("outbox.trouble", error.to_string()))
    }

    fn put(&self, path: &Path, message: &str) -> io::Result<()> {
        let (draft, file) = self.new_draft()?;
        // Unlike a rename, a link leaves the message that is already there alone.
        let linked = write(file, message).and_then(|()| fs::hard_link(&draft, path));
        fs::remove_file(&draft)?;
        match linked {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            ended => ended,
        }
    }

    /// Under a name that nobody looks at or foresees: two hosts may be delivering the same message after a takeover.
    fn new_draft(&self) -> io::Result<(PathBuf, File)> {
        loop {
            let number = RandomState::new().build_hasher().finish();
            let draft = self.folder.join(format!(".draft-{number:016x}"));
            match File::options().write(true).create_new(true).mode(0o600).open(&draft) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                made => return made.map(|file| (draft, file)),
            }
        }
    }

    fn path_of(&self, id: &str) -> PathBuf {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let escaped = |byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
        self.folder.join(id.bytes().map(escaped).collect::<String>() + ".txt")
    }
}

fn write(mut file: File, text: &str) -> io::Result<()> {
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
