//! LOAD: large documents, as a person writes them and as a tool does.

use std::fmt::Write as _;

use super::name;

/// LOAD in YAML: flags of three rules each, as a person writes them.
pub(crate) fn load_yaml(flags: usize) -> String {
    let mut document = "version: 1\nflags:\n".to_owned();
    for number in 0..flags {
        let name = name(number);
        let _ = write!(
            document,
            "  {name}:
    description: What feature {number} is for.
    owner: team-{team:02}
    rules:
      - name: qa
        when: {{ header.x-feature: \"{number}\" }}
      - name: pilot
        when: {{ region: [nz, au, de, fr], attr.plan: pro }}
      - name: ramp
        rollout: {share}%
",
            team = number % 40,
            share = 1 + number % 50,
        );
    }
    document
}

/// LOAD in JSON: the same flags, as a tool writes them.
pub(crate) fn load_json(flags: usize) -> String {
    let mut document = "{\"version\":1,\"flags\":{".to_owned();
    for number in 0..flags {
        let name = name(number);
        let _ = write!(
            document,
            "{comma}\"{name}\":{{\"description\":\"What feature {number} is for.\",\
             \"owner\":\"team-{team:02}\",\"rules\":[\
             {{\"name\":\"qa\",\"when\":{{\"header.x-feature\":\"{number}\"}}}},\
             {{\"name\":\"pilot\",\"when\":{{\"region\":[\"nz\",\"au\",\"de\",\"fr\"],\
             \"attr.plan\":\"pro\"}}}},\
             {{\"name\":\"ramp\",\"rollout\":\"{share}%\"}}]}}",
            comma = if number == 0 { "" } else { "," },
            team = number % 40,
            share = 1 + number % 50,
        );
    }
    document.push_str("}}");
    document
}
