//! What tells whether a file is to be read again.

/// How the file of a seed looked when it was read: while all of this is the same, it is not read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// In bytes.
    pub size: i64,
    /// Modification time in nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Status-change time in nanoseconds since 1970.
    pub ctime_ns: i64,
    /// Number of the file in its file system.
    pub inode: i64,
}

impl Stamp {
    /// Change time of a stamp that no file has: whatever lies there is to be read anew, though its bytes may be known.
    pub(super) const UNREAD: i64 = 0;

    /// The stamp with which a seed is read anew. It still tells the file wherever it was moved.
    #[must_use]
    pub fn unread(self) -> Self {
        Self { ctime_ns: Self::UNREAD, ..self }
    }

    /// Whether the seed is to be read anew.
    #[must_use]
    pub fn is_unread(&self) -> bool {
        self.ctime_ns == Self::UNREAD
    }

    /// What a move leaves as it is: all but the change time.
    #[must_use]
    pub fn unmoved(self) -> Self {
        self.unread()
    }
}
