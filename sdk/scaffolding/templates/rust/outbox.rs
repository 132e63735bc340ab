//! Messages as files of a folder, from which another program sends them on. One that is there is not written again.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use tasker_sdk::Failure;

pub struct Outbox {
    folder: PathBuf,
    drafts: AtomicU64,
}

impl Outbox {
    /// Makes the folder.
    pub fn at(folder: &Path) -> io::Result<Outbox> {
        fs::create_dir_all(folder)?;
        Ok(Outbox { folder: folder.to_path_buf(), drafts: AtomicU64::new(0) })
    }

    /// The file appears whole or not at all. Fails for good for a recipient that is none.
    pub fn deliver(&self, id: &str, to: &str, subject: &str, text: &str) -> Result<(), Failure> {
        if !to.contains('@') || to.chars().any(char::is_control) {
            return Err(Failure::fail("outbox.bad_address", format!("no address to send to: {to}")));
        }
        // Written under a name that nobody looks at: two hosts may be delivering the same message after a takeover.
        let number = self.drafts.fetch_add(1, Ordering::Relaxed);
        let draft = self.folder.join(format!(".draft-{}-{number}", std::process::id()));
        let message = format!("To: {to}\nSubject: {subject}\nMessage-ID: {id}\n\n{text}\n");
        // Unlike a rename, a link leaves the message that is already there alone.
        let linked = write(&draft, &message).and_then(|()| fs::hard_link(&draft, self.path_of(id)));
        let _ = fs::remove_file(&draft); // it may not have been made
        match linked {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(Failure::retry("outbox.trouble", error.to_string())),
            _ => Ok(()),
        }
    }

    fn path_of(&self, id: &str) -> PathBuf {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let escaped = |byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
        self.folder.join(id.bytes().map(escaped).collect::<String>() + ".txt")
    }
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
