//! Files that are a mount of their own, as a Kubernetes `subPath` or a bind mount of one file makes
//! them: what is put in the place of the original never shows there.

use std::path::{Path, PathBuf};

/// What to say of the files among these that are mounts.
pub(super) fn warnings(paths: &[PathBuf]) -> Vec<String> {
    let Ok(mounts) = std::fs::read_to_string("/proc/self/mountinfo") else { return Vec::new() };
    let mounts = mount_points(&mounts);
    let is_mount = |path: &&PathBuf| {
        let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        real.is_file() && mounts.contains(&real)
    };
    let say = |path: &PathBuf| {
        format!(
            "`{}` is a mount of its own (a `subPath`, or a bind mount of one file): a file that \
             takes the place of the original never shows here; mount its directory",
            path.display()
        )
    };
    paths.iter().filter(is_mount).map(say).collect()
}

/// The fifth field of each line, in which blanks and the like are three octal digits.
fn mount_points(mountinfo: &str) -> Vec<PathBuf> {
    let fifth = |line: &str| line.split(' ').nth(4).map(unescaped);
    mountinfo.lines().filter_map(fifth).map(|path| Path::new(&path).to_owned()).collect()
}

fn unescaped(field: &str) -> String {
    let mut parts = field.split('\\');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match code {
            Some(code) => {
                plain.push(char::from(code));
                plain.push_str(part.get(3..).unwrap_or_default());
            }
            None => {
                plain.push('\\');
                plain.push_str(part);
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mount_points_are_read_as_the_kernel_writes_them() {
        let text = "\
36 35 98:0 / /mnt rw - ext3 /dev/root rw
37 36 0:5 /f /etc/my\\040app/flags.yaml rw,noatime master:1 - tmpfs none rw
odd
";
        let expected = [Path::new("/mnt"), Path::new("/etc/my app/flags.yaml")];
        assert_eq!(mount_points(text), expected);
    }
}
