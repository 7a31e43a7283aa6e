//! A directory as a layer, and list files. FORMAT.md 8 and 21, PRODUCT.md on `in_file`.

mod folder;

use folder::Folder;
use hoist::{Context, Flags};

const ONE: &str = "version: 1\nflags: { one: on }\n";
const TWO: &str = "version: 1\nflags: { two: on }\n";

fn names(flags: &Flags) -> Vec<String> {
    flags.snapshot().flags().map(str::to_owned).collect()
}

fn user(flags: &Flags, flag: &str, user: &str) -> bool {
    flags.is_enabled(flag, &Context::new().user(user))
}

#[test]
fn a_directory_is_one_layer_of_its_toggle_files() {
    let folder = Folder::new();
    folder.write("base/a.yaml", ONE);
    folder.write("base/b.yml", TWO);
    folder.write("base/c.json", r#"{ "version": 1, "flags": { "three": "on" } }"#);
    // None of these is a toggle file, and none of them could be read as one.
    for left_out in [".hidden.yaml", ".a.json", "a.test.yaml", "README.md", "a.yaml.orig", "yaml"] {
        folder.write(&format!("base/{left_out}"), "{[ not : a toggle file");
    }
    folder.write("base/deeper.yaml/d.yaml", "version: 1\nflags: { four: on }\n");
    assert_eq!(names(&folder.opened(&["base"])), ["one", "three", "two"]);
}

#[test]
fn segments_attributes_and_the_unit_reach_all_files_of_a_directory() {
    let folder = Folder::new();
    folder
        .write("base/a.yaml", "version: 1\nflags: { a: { rules: [{ when: { segment: s } }] } }\n");
    folder.write(
        "base/b.yaml",
        "version: 1\nby: tenant\nattributes: { plan: text }\nsegments: { s: { attr.plan: pro } }\n\
         flags: { b: on }\n",
    );
    folder.write("base/c.yaml", "version: 1\nflags: { c: 99.999%, d: { requires: a } }\n");
    let flags = folder.opened(&["base"]);
    assert!(flags.is_enabled("a", &Context::new().attr("plan", "pro")));
    assert!(flags.is_enabled("c", &Context::new().tenant("acme")));
    assert!(!flags.is_enabled("c", &Context::new().user("ada")));
    // What one file declares is the law of all.
    folder
        .write("base/0.yaml", "version: 1\nflags:\n  x: { rules: [{ when: { attr.plam: a } }] }\n");
    assert_eq!(folder.refusal(&["base"]).0, "base/0.yaml:3:26");
}

#[test]
fn a_flag_in_two_files_of_a_layer_is_an_error_in_the_second_by_the_bytes_of_the_names() {
    let folder = Folder::new();
    // In byte order: B, a, ä.
    folder.write("base/a.yaml", "version: 1\nflags:\n  same: on\n");
    folder.write("base/B.yaml", "version: 1\nflags:\n  other: on\n  same: off\n");
    let (place, said) = folder.refusal(&["base"]);
    assert_eq!(place, "base/a.yaml:3:3");
    assert!(said.contains("same"), "{said}");
    folder.remove("base/B.yaml");
    folder.write("base/ä.yml", "version: 1\nflags:\n\n  same: off\n");
    assert_eq!(folder.refusal(&["base"]).0, "base/ä.yml:4:3");
    folder.remove("base/ä.yml");
    folder.write("base/a.json", "{ \"version\": 1, \"flags\": { \"same\": \"off\" } }");
    assert_eq!(folder.refusal(&["base"]).0, "base/a.yaml:3:3");
}

#[test]
fn an_overlay_may_speak_of_a_flag_that_any_file_of_the_base_has() {
    let folder = Folder::new();
    folder.write("base/a.yaml", ONE);
    folder.write("base/b.yaml", TWO);
    folder.write("prod/z.yaml", "version: 1\nflags: { one: off }\n");
    folder.write("prod/y.yaml", "version: 1\nflags: { two: off, three: on }\n");
    let flags = folder.opened(&["base", "prod"]);
    assert!(!user(&flags, "one", "ada") && !user(&flags, "two", "ada"));
    assert!(user(&flags, "three", "ada"));
    // A directory of an overlay is one layer as well.
    folder.write("prod/x.yaml", "version: 1\nflags:\n  one: on\n");
    assert_eq!(folder.refusal(&["base", "prod"]).0, "prod/z.yaml:2:10");
}

#[test]
fn every_file_of_a_directory_is_whole_by_itself() {
    let folder = Folder::new();
    folder.write("base/a.yaml", ONE);
    folder.write("base/b.yaml", "flags: { two: on }\n");
    assert_eq!(folder.refusal(&["base"]).0, "base/b.yaml:1:1");
    folder.write("base/b.yaml", "version: 1\nsegments: { s: { region: nz } }\n");
    assert_eq!(folder.refusal(&["base"]).0, "base/b.yaml:1:1");
    // In an overlay the flags may be missing.
    folder.remove("base/b.yaml");
    folder.write("prod/b.yaml", "version: 1\nsegments: { s: { region: nz } }\n");
    folder.opened(&["base", "prod"]);
    // All files, and all that is wrong with each, at once.
    folder.write("base/c.yaml", "version: 1\nflags: { c: 5, d: yes }\n");
    folder.write("base/b.yaml", "version: 1\nflags: { b: no }\n");
    let places = folder.places(&["base"]);
    assert_eq!(places, ["base/b.yaml:2:13", "base/c.yaml:2:13", "base/c.yaml:2:19"]);
}

#[test]
fn a_directory_without_a_toggle_file_is_an_error() {
    let folder = Folder::new();
    folder.write("base/.hidden.yaml", ONE);
    folder.write("base/a.test.yaml", ONE);
    folder.write("base/notes.txt", ONE);
    let error = folder.open(&["base"]).unwrap_err();
    assert!(error.is_unreadable());
    assert!(error.to_string().contains("base"), "{error}");
    assert!(hoist::check([folder.at("base")]).has_errors());
    folder.write("whole/a.yaml", ONE);
    assert!(folder.open(&["whole", "base"]).unwrap_err().is_unreadable());
}

/// A flag whose rule takes who is in `list.txt`.
const LISTED: &str = "\
version: 1
flags:
  a: { rules: [{ when: { user: { in_file: list.txt } } }] }
";

#[test]
fn a_list_has_one_entry_a_line() {
    let folder = Folder::new();
    folder.write("flags.yaml", LISTED);
    let list = "\u{feff}# who\r\nada\r\n\r\n   bob  \r\n\t# not this\r\neve # is one entry\r\n\
                \"max\"\r\nlast";
    folder.write("list.txt", list);
    let flags = folder.opened(&["flags.yaml"]);
    for known in ["ada", "bob", "eve # is one entry", "\"max\"", "last"] {
        assert!(user(&flags, "a", known), "{known}");
    }
    for other in ["who", "# who", "", "not this", "eve", "max", "Ada", "ada ", "ada\r", "las"] {
        assert!(!user(&flags, "a", other), "{other}");
    }
}

#[test]
fn a_list_may_be_told_to_ignore_case() {
    let folder = Folder::new();
    let text = LISTED.replace("list.txt }", "list.txt, ignore_case: true }");
    folder.write("flags.yaml", text);
    folder.write("list.txt", "Ada\nÉVE\n");
    let flags = folder.opened(&["flags.yaml"]);
    assert!(user(&flags, "a", "aDA"));
    assert!(user(&flags, "a", "Éve"));
    assert!(!user(&flags, "a", "éve"), "ASCII only");
}

#[test]
fn an_empty_or_missing_list_is_an_error_where_it_is_named() {
    let folder = Folder::new();
    folder.write("flags.yaml", LISTED);
    for empty in ["", "\n\n", "# nobody\r\n", "\u{feff}", "   \n\t\n"] {
        folder.write("list.txt", empty);
        assert_eq!(folder.refusal(&["flags.yaml"]).0, "flags.yaml:3:43", "{empty:?}");
    }
    folder.remove("list.txt");
    let (place, said) = folder.refusal(&["flags.yaml"]);
    assert_eq!(place, "flags.yaml:3:43");
    assert!(said.contains("list.txt"), "{said}");
    folder.write("list.txt/inside", "ada\n");
    assert_eq!(folder.refusal(&["flags.yaml"]).0, "flags.yaml:3:43");
}

#[test]
fn a_list_that_is_not_utf_8_is_an_error() {
    let folder = Folder::new();
    folder.write("flags.yaml", LISTED);
    folder.write("list.txt", b"ada\n\xff\xfe\n");
    assert!(folder.open(&["flags.yaml"]).unwrap_err().is_invalid());
}

#[test]
fn a_bad_line_of_a_list_of_networks_is_an_error_in_the_list() {
    let folder = Folder::new();
    folder.write("flags.yaml", LISTED.replace("user", "ip"));
    folder.write("list.txt", "# ours\r\n10.0.0.0/8\r\n\r\n2001:db8::/32\r\n::ffff:192.0.2.1\r\n");
    let flags = folder.opened(&["flags.yaml"]);
    for (address, is_in) in [
        ("10.9.8.7", true),
        ("::ffff:10.9.8.7", true),
        ("2001:db8::1", true),
        ("192.0.2.1", true),
        ("192.0.2.2", false),
        ("11.0.0.0", false),
        ("nonsense", false),
    ] {
        assert_eq!(flags.is_enabled("a", &Context::new().ip(address)), is_in, "{address}");
    }

    folder.write("list.txt", "# ours\r\n10.0.0.0/8\r\n\r\n10.0.0.1/8\r\n10.0.0.0/33\r\nhost\r\n");
    let places = folder.places(&["flags.yaml"]);
    assert_eq!(places, ["list.txt:4:1", "list.txt:5:1", "list.txt:6:1"]);
    let report = hoist::check([folder.at("flags.yaml")]);
    let first = &report.diagnostics()[0];
    let said = format!("{} {}", first.message(), first.help().unwrap_or(""));
    assert!(said.contains("10.0.0.0/8"), "host bits: the network is shown: {said}");
    assert_eq!(first.flag(), Some("a"));
}

#[test]
fn an_entry_outside_the_declared_values_is_an_error_in_the_list() {
    let folder = Folder::new();
    let declared = "version: 1\nattributes: { plan: [free, pro] }\nflags:\n  a: { rules: [{ when: { attr.plan: { in_file: list.txt } } }] }\n";
    folder.write("flags.yaml", declared);
    folder.write("list.txt", "pro\n");
    let flags = folder.opened(&["flags.yaml"]);
    assert!(flags.is_enabled("a", &Context::new().attr("plan", "pro")));
    folder.write("list.txt", "pro\nfree\n\nprp\n");
    assert_eq!(folder.refusal(&["flags.yaml"]).0, "list.txt:4:1");
}

#[test]
fn a_list_is_found_beside_the_file_that_names_it() {
    let folder = Folder::new();
    let rule = "rules: [{ name: r, when: { user: { in_file: lists/who.txt } } }]";
    folder.write(
        "base/a.yaml",
        format!("version: 1\nflags:\n  a: {{ {rule} }}\n  b: {{ {rule} }}\n"),
    );
    folder.write("base/lists/who.txt", "ada\n");
    folder.write(
        "prod/over/p.yaml",
        "version: 1\nflags: { b: { rules: { r: { when: { user: { in_file: ../who.txt } } } } } }\n",
    );
    folder.write("prod/who.txt", "bob\n");
    for names in [["base", "prod/over"], ["base/a.yaml", "prod/over/p.yaml"]] {
        let flags = folder.opened(&names);
        assert!(user(&flags, "a", "ada") && !user(&flags, "a", "bob"));
        assert!(user(&flags, "b", "bob") && !user(&flags, "b", "ada"));
    }
    // A patch of another key leaves the list where the base named it.
    folder.write(
        "prod/over/p.yaml",
        "version: 1\nflags: { b: { rules: { r: { until: 2999-01-01T00:00:00Z } } } }\n",
    );
    assert!(user(&folder.opened(&["base", "prod/over"]), "b", "ada"));
    // And so does a segment: its own file counts, not that of the flag.
    folder.write(
        "prod/over/p.yaml",
        "version: 1\nsegments: { s: { user: { in_file: ../who.txt } } }\n",
    );
    folder.write("base/a.yaml", "version: 1\nsegments: { s: { user: { in_file: lists/who.txt } } }\nflags:\n  a: { rules: [{ when: { segment: s } }] }\n");
    let flags = folder.opened(&["base", "prod/over"]);
    assert!(user(&flags, "a", "bob") && !user(&flags, "a", "ada"));
}

#[test]
fn an_absolute_path_of_a_list_is_that_path() {
    let folder = Folder::new();
    let list = folder.write("elsewhere/list.txt", "ada\n");
    folder.write("base/flags.yaml", LISTED.replace("list.txt", list.to_str().unwrap()));
    assert!(user(&folder.opened(&["base/flags.yaml"]), "a", "ada"));
}

#[test]
fn a_text_that_stands_in_no_file_names_no_list() {
    let error = hoist::Snapshot::from_yaml(LISTED).unwrap_err();
    let problem = &error.report().unwrap().diagnostics()[0];
    assert_eq!((problem.line(), problem.column()), (3, 43));
}
