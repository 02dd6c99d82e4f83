//! The exit statuses.

/// A verdict that is negative: something is due.
pub const NEGATIVE: u8 = 1;
pub const USAGE: u8 = 2;
pub const INPUT: u8 = 3;
pub const FILE_SYSTEM: u8 = 4;
pub const AWS_REFUSED: u8 = 5;
pub const AWS_UNREACHED: u8 = 6;
/// What `run` ends with where its program cannot be started, or is not there (POSIX,
/// Shell Command Language §2.8.2).
pub const NOT_STARTED: u8 = 126;
pub const NOT_FOUND: u8 = 127;
/// A fault of ours: shares its status with the file system's.
pub const INTERNAL: u8 = 4;
