//! The exit statuses.

/// A verdict that is negative: something is due.
pub const NEGATIVE: u8 = 1;
pub const USAGE: u8 = 2;
pub const INPUT: u8 = 3;
pub const FILE_SYSTEM: u8 = 4;
pub const AWS_REFUSED: u8 = 5;
pub const AWS_UNREACHED: u8 = 6;
/// A fault of ours: shares its status with the file system's.
pub const INTERNAL: u8 = 4;
