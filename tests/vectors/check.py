#!/usr/bin/env python3
"""Checks bucketing.tsv with a second implementation of the algorithm.

Nothing but the standard library is needed. Where the `xxhash` package is installed, the XXH3 below
is compared with it too. Prints one line; exits with 0 if all is well and 1 if not.

    python3 check.py [FILE]
"""

import sys
from itertools import accumulate
from pathlib import Path

try:
    import xxhash
except ImportError:
    xxhash = None

BUCKETS = 100_000
ROWS = 10_000
PURPOSES = (1, 2, 3)
MASK = (1 << 64) - 1

# XXH3, 64 bits, seed 0, default secret, after the xxHash specification by Yann Collet.

PRIME32_1, PRIME32_2, PRIME32_3 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
PRIME64_1, PRIME64_2, PRIME64_3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
PRIME64_4, PRIME64_5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
PRIME_MX1, PRIME_MX2 = 0x165667919E3779F9, 0x9FB21C651E98DF25

SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f"
    "cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364"
    "eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e"
    "2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e"
)
STRIPE = 64
STRIPES_IN_BLOCK = (len(SECRET) - STRIPE) // 8


def u32(data, at):
    return int.from_bytes(data[at : at + 4], "little")


def u64(data, at):
    return int.from_bytes(data[at : at + 8], "little")


def fold(a, b):
    """The two halves of the 128-bit product, joined by exclusive or."""
    product = a * b
    return (product & MASK) ^ (product >> 64)


def swap(value, width):
    return int.from_bytes(value.to_bytes(width, "little"), "big")


def rotate(value, by):
    return (value << by | value >> (64 - by)) & MASK


def xxh64_avalanche(h):
    h ^= h >> 33
    h = h * PRIME64_2 & MASK
    h ^= h >> 29
    h = h * PRIME64_3 & MASK
    return h ^ h >> 32


def xxh3_avalanche(h):
    h ^= h >> 37
    h = h * PRIME_MX1 & MASK
    return h ^ h >> 32


def xxh3_64(data):
    length = len(data)
    if length == 0:
        return xxh64_avalanche(u64(SECRET, 56) ^ u64(SECRET, 64))
    if length <= 3:
        return hash_1_to_3(data)
    if length <= 8:
        return hash_4_to_8(data)
    if length <= 16:
        return hash_9_to_16(data)
    if length <= 128:
        return hash_17_to_128(data)
    if length <= 240:
        return hash_129_to_240(data)
    return hash_long(data)


def hash_1_to_3(data):
    length = len(data)
    joined = data[0] << 16 | data[length >> 1] << 24 | data[-1] | length << 8
    return xxh64_avalanche(joined ^ u32(SECRET, 0) ^ u32(SECRET, 4))


def hash_4_to_8(data):
    length = len(data)
    joined = u32(data, length - 4) + (u32(data, 0) << 32)
    h = joined ^ u64(SECRET, 8) ^ u64(SECRET, 16)
    h ^= rotate(h, 49) ^ rotate(h, 24)
    h = h * PRIME_MX2 & MASK
    h ^= (h >> 35) + length
    h = h * PRIME_MX2 & MASK
    return h ^ h >> 28


def hash_9_to_16(data):
    length = len(data)
    low = u64(data, 0) ^ u64(SECRET, 24) ^ u64(SECRET, 32)
    high = u64(data, length - 8) ^ u64(SECRET, 40) ^ u64(SECRET, 48)
    return xxh3_avalanche((length + swap(low, 8) + high + fold(low, high)) & MASK)


def mix_16(data, at, secret_at):
    return fold(u64(data, at) ^ u64(SECRET, secret_at), u64(data, at + 8) ^ u64(SECRET, secret_at + 8))


def hash_17_to_128(data):
    length = len(data)
    acc = length * PRIME64_1
    for i in range((length - 1) // 32 + 1):
        acc += mix_16(data, 16 * i, 32 * i)
        acc += mix_16(data, length - 16 * (i + 1), 32 * i + 16)
    return xxh3_avalanche(acc & MASK)


def hash_129_to_240(data):
    length = len(data)
    acc = length * PRIME64_1
    for i in range(8):
        acc += mix_16(data, 16 * i, 16 * i)
    acc = xxh3_avalanche(acc & MASK)
    for i in range(8, length // 16):
        acc += mix_16(data, 16 * i, 16 * (i - 8) + 3)
    acc += mix_16(data, length - 16, 136 - 17)
    return xxh3_avalanche(acc & MASK)


def accumulate_stripe(acc, data, at, secret_at):
    for lane in range(8):
        value = u64(data, at + 8 * lane)
        keyed = value ^ u64(SECRET, secret_at + 8 * lane)
        acc[lane ^ 1] = (acc[lane ^ 1] + value) & MASK
        acc[lane] = (acc[lane] + (keyed & 0xFFFFFFFF) * (keyed >> 32)) & MASK


def hash_long(data):
    length = len(data)
    acc = [PRIME32_3, PRIME64_1, PRIME64_2, PRIME64_3, PRIME64_4, PRIME32_2, PRIME64_5, PRIME32_1]
    # The last stripe is always taken by itself, even where it is whole.
    for stripe in range((length - 1) // STRIPE):
        in_block = stripe % STRIPES_IN_BLOCK
        accumulate_stripe(acc, data, STRIPE * stripe, 8 * in_block)
        if in_block == STRIPES_IN_BLOCK - 1:
            for lane in range(8):
                key = u64(SECRET, len(SECRET) - STRIPE + 8 * lane)
                acc[lane] = (acc[lane] ^ acc[lane] >> 47 ^ key) * PRIME32_1 & MASK
    accumulate_stripe(acc, data, length - STRIPE, len(SECRET) - STRIPE - 7)

    h = length * PRIME64_1
    for i in range(0, 8, 2):
        h += fold(acc[i] ^ u64(SECRET, 11 + 8 * i), acc[i + 1] ^ u64(SECRET, 11 + 8 * i + 8))
    return xxh3_avalanche(h & MASK)


# The bucket and the arm.


def salt_hash(purpose, name):
    name = name.encode()
    return xxh3_64(bytes([purpose]) + len(name).to_bytes(4, "little") + name)


def fmix64(h):
    """The 64-bit finalizer of MurmurHash3, by Austin Appleby."""
    h ^= h >> 33
    h = h * 0xFF51AFD7ED558CCD & MASK
    h ^= h >> 33
    h = h * 0xC4CEB9FE1A85EC53 & MASK
    return h ^ h >> 33


def bucket_of(unit, salt):
    return fmix64(unit ^ salt) * BUCKETS >> 64


def arm_of(weights, bucket):
    """The name of the arm; `weights` is written NAME=WEIGHT,NAME=WEIGHT in any order."""
    arms = [arm.split("=") for arm in weights.split(",")]
    arms = sorted((name.encode(), int(weight)) for name, weight in arms)
    total = sum(weight for _, weight in arms)
    for (name, _), cumulative in zip(arms, accumulate(weight for _, weight in arms)):
        if bucket < cumulative * BUCKETS // total:
            return name.decode()
    raise ValueError(f"no arm of {weights} holds bucket {bucket}")


# The checks: each yields what it finds wrong.


def check_known_hashes():
    """Values that other implementations of XXH3 publish."""
    for data, expected in (
        (b"", 0x2D06800538D394C2),
        (b"a", 0xE6C632B61E964E1F),
        (b"abc", 0x78AF5F94892F3950),
    ):
        if xxh3_64(data) != expected:
            yield f"XXH3 of {data!r} is {xxh3_64(data):016x}, not {expected:016x}"


def check_against_package():
    """Every length up to three blocks, at three contents each."""
    for length in range(3 * STRIPE * STRIPES_IN_BLOCK + 2):
        for data in (
            bytes(length),
            bytes([255]) * length,
            bytes((i * i * 31 + i * 7 + length) % 251 for i in range(length)),
        ):
            if xxh3_64(data) != xxhash.xxh3_64_intdigest(data):
                yield f"XXH3 of {length} bytes differs from that of the xxhash package"


def check_row(row):
    purpose, name, unit, unit_hash, salt, bucket, weights, arm = row.split("\t")
    data = bytes.fromhex(unit)
    found_unit, found_salt = xxh3_64(data), salt_hash(int(purpose), name)
    found_bucket = bucket_of(found_unit, found_salt)
    found_arm = arm_of(weights, found_bucket) if purpose == "2" else "-"
    if int(purpose) not in PURPOSES:
        yield f"purpose {purpose} is not one of {PURPOSES}"
    if purpose != "2" and weights != "-":
        yield "weights where there is no split"
    if xxhash and xxhash.xxh3_64_intdigest(data) != found_unit:
        yield "unit hash differs from that of the xxhash package"
    for what, found, written in (
        ("unit hash", f"{found_unit:016x}", unit_hash),
        ("salt hash", f"{found_salt:016x}", salt),
        ("bucket", str(found_bucket), bucket),
        ("arm", found_arm, arm),
    ):
        if found != written:
            yield f"{what} is {found}, written {written}"


def check_rows(path):
    # Lines end in LF alone: `splitlines` would also break them at other characters.
    lines = path.read_bytes().decode().replace("\r\n", "\n").split("\n")
    rows = [(number, line) for number, line in enumerate(lines, 1) if line and line[0] != "#"]
    if len(rows) != ROWS:
        yield f"{len(rows)} rows, not {ROWS}"
    for number, row in rows:
        try:
            yield from (f"line {number}: {wrong}" for wrong in check_row(row))
        except ValueError as error:
            yield f"line {number}: {error}"


def main():
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("bucketing.tsv")
    wrong = list(check_known_hashes())
    if xxhash:
        wrong += check_against_package()
    try:
        wrong += check_rows(path)
    except (OSError, UnicodeDecodeError) as error:
        wrong.append(str(error))
    if wrong:
        print(f"FAILED: {len(wrong)} faults in {path.name}, the first: {wrong[0]}")
        return 1
    peer = f"xxhash {xxhash.VERSION} agrees" if xxhash else "xxhash is not installed"
    print(f"ok: {ROWS} vectors in {path.name} hold; {peer}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
