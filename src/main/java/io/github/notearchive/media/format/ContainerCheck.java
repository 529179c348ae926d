package io.github.notearchive.media.format;

import io.github.notearchive.media.format.FileCheck.Dimensions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Check of one file, part by part, for one family of containers. Used once, by one thread. */
abstract class ContainerCheck {

    /** Limit of the parts that are read: more than a film of a day has, read within two seconds. */
    static final int MAX_PARTS = 1_000_000;

    private static final int MAX_REMARKS = 8;

    final FileBytes bytes;
    private final List<String> remarks = new ArrayList<>();
    private @Nullable Dimensions dimensions;
    private int parts;

    ContainerCheck(FileBytes bytes) {
        this.bytes = bytes;
    }

    /** Reads the file to its end. */
    abstract FileCheck run() throws IOException;

    /** Counts one part; false if the limit is exceeded. */
    final boolean countPart() {
        return ++parts <= MAX_PARTS;
    }

    /** Adds a remark, unless it was added before. */
    final void remark(String remark) {
        if (remarks.size() < MAX_REMARKS && !remarks.contains(remark)) {
            remarks.add(remark);
        }
    }

    /** Records dimensions; the largest ones count, impossible ones are ignored. */
    final void measured(long width, long height) {
        boolean possible = width > 0 && height > 0 && width <= Integer.MAX_VALUE && height <= Integer.MAX_VALUE;
        if (possible
                && (dimensions == null
                        || (double) width * height > (double) dimensions.width() * dimensions.height())) {
            dimensions = new Dimensions((int) width, (int) height);
        }
    }

    /** Replaces the dimensions by those of the visible part. */
    final void cropped(long width, long height) {
        dimensions = null;
        measured(width, height);
    }

    final FileCheck complete() {
        return new FileCheck.Complete(remarks, dimensions);
    }

    /** Ends the check at the limit of parts: complete as far as it was read. */
    final FileCheck tooManyParts(long at) {
        remark("more than " + MAX_PARTS + " parts, unchecked from byte " + at);
        return complete();
    }

    /** The file ends within the part that starts here. */
    final FileCheck truncated(String part, long at) {
        return new FileCheck.Truncated(part + " at byte " + at + " exceeds the file length " + bytes.length());
    }

    /** The file ends without the part that ends a complete one. */
    final FileCheck withoutEnd() {
        return new FileCheck.Truncated("no end marker, file length " + bytes.length());
    }

    /** The header that starts here is impossible. */
    final FileCheck malformed(String problem, long at) {
        return new FileCheck.Truncated(problem + " at byte " + at);
    }

    /** Adds a remark about bytes behind the end of the last part. */
    final void remarkTrailer(long end) {
        if (end < bytes.length()) {
            remark("bytes after the end: " + (bytes.length() - end));
        }
    }

    /** Name of a part, safe for messages. */
    static String printable(String name) {
        return name.replaceAll("[^ !#-~]", "?");
    }
}
