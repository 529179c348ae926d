package io.github.notearchive.media;

import io.github.notearchive.media.Structure.Pixels;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A walk along one file, part by part, for one sort of container. */
abstract class Walk {

    /** How many parts are looked at: more than a film of a day has, done within a second or two. */
    static final int MOST_STEPS = 1_000_000;

    private static final int MOST_REMARKS = 8;

    final FileBytes bytes;
    private final List<String> remarks = new ArrayList<>();
    private @Nullable Pixels pixels;
    private int steps;

    Walk(FileBytes bytes) {
        this.bytes = bytes;
    }

    /** Walks to the end, once. */
    abstract Structure walk() throws IOException;

    /** Counts one part more; false when there have been so many that it is time to give up. */
    final boolean step() {
        return ++steps <= MOST_STEPS;
    }

    /** Notes what is odd; the same once. */
    final void remark(String odd) {
        if (remarks.size() < MOST_REMARKS && !remarks.contains(odd)) {
            remarks.add(odd);
        }
    }

    /** Notes how large it is; the largest counts, nonsense does not. */
    final void measured(long width, long height) {
        boolean plausible = width > 0 && height > 0 && width <= Integer.MAX_VALUE && height <= Integer.MAX_VALUE;
        if (plausible && (pixels == null || (double) width * height > (double) pixels.width() * pixels.height())) {
            pixels = new Pixels((int) width, (int) height);
        }
    }

    /** Notes that only so much is shown of what was measured. */
    final void clipped(long width, long height) {
        pixels = null;
        measured(width, height);
    }

    final Structure whole() {
        return new Structure.Whole(remarks, pixels);
    }

    /** Whole as far as the walk went. */
    final Structure givenUp(long at) {
        remark("more than " + MOST_STEPS + " parts, not walked from byte " + at + " on");
        return whole();
    }

    /** The file ends within what begins there. */
    final Structure cut(String what, long at) {
        return new Structure.Cut(what + " at byte " + at + " is not all there, the file ends at " + bytes.length());
    }

    /** What stands there cannot be. */
    final Structure malformed(String what, long at) {
        return new Structure.Cut(what + " at byte " + at);
    }

    /** Notes what comes behind the end of the structure, if anything does. */
    final void remarkTrailer(long end) {
        if (end < bytes.length()) {
            remark("bytes after the end: " + (bytes.length() - end));
        }
    }

    /** A part's name from the file, so that it can stand in a text of ours. */
    static String printable(String name) {
        return name.replaceAll("[^ !#-~]", "?");
    }
}
