package io.github.notearchive.sandbox;

import java.util.HexFormat;
import java.util.SplittableRandom;

/**
 * Source of pseudo-random values that depend on a seed and on key words only, not on the process or the order of calls.
 *
 * @param seed starting value of all draws
 */
record SeededRandom(long seed) {

    private static final long FNV_OFFSET = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;

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

    /** Returns a uniform value from 0 (inclusive) to 1 (exclusive). */
    double uniform(Object... words) {
        return (bits(words) >>> 11) * 0x1.0p-53;
    }

    /** Returns a uniform value from 0 (inclusive) to the bound (exclusive). */
    int below(int bound, Object... words) {
        return Math.floorMod(bits(words), bound);
    }

    boolean oneIn(int n, Object... words) {
        return below(n, words) == 0;
    }

    String hex(Object... words) {
        return HexFormat.of().toHexDigits(bits(words));
    }

    SplittableRandom generator(Object... words) {
        return new SplittableRandom(bits(words));
    }

    private static long mix(long value) {
        long mixed = (value ^ (value >>> 30)) * 0xbf58476d1ce4e5b9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
        return mixed ^ (mixed >>> 31);
    }
}
