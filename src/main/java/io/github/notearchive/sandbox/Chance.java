package io.github.notearchive.sandbox;

import java.util.HexFormat;
import java.util.SplittableRandom;

/**
 * Draws that come out the same for the same seed and words, in any process and in any order.
 *
 * @param seed what all draws depend on
 */
record Chance(long seed) {

    private static final long FNV_OFFSET = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;

    /** 64 bits for these words. */
    long bits(Object... words) {
        long hash = FNV_OFFSET ^ mix(seed);
        for (Object word : words) {
            String text = String.valueOf(word);
            for (int i = 0; i < text.length(); i++) {
                hash = (hash ^ text.charAt(i)) * FNV_PRIME;
            }
            hash = (hash ^ 0xffff) * FNV_PRIME;
        }
        return mix(hash);
    }

    /** From 0 to below 1, evenly. */
    double share(Object... words) {
        return (bits(words) >>> 11) * 0x1.0p-53;
    }

    /** From 0 to below the bound, evenly. */
    int below(int bound, Object... words) {
        return Math.floorMod(bits(words), bound);
    }

    /** Sixteen hexadecimal digits. */
    String hex(Object... words) {
        return HexFormat.of().toHexDigits(bits(words));
    }

    /** A generator of its own for these words. */
    SplittableRandom random(Object... words) {
        return new SplittableRandom(bits(words));
    }

    private static long mix(long value) {
        long mixed = (value ^ (value >>> 30)) * 0xbf58476d1ce4e5b9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
        return mixed ^ (mixed >>> 31);
    }
}
