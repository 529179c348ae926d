package io.github.notearchive.media;

import io.github.notearchive.media.Structure.Pixels;
import io.github.notearchive.note.MediaCandidate;
import io.github.notearchive.note.MediaKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What an answer promises of a picture or a film, against what came. Only a candidate for which the answer gives both
 * dimensions promises any.
 */
final class Promise {

    private static final int TINY_SIDE = 64;
    private static final long TINY_FILE = 200;
    private static final int TIMES = 4;

    private Promise() {}

    /**
     * Why it cannot be the picture that was promised: a tiny one in place of a large one, as servers give for what they
     * no longer have. Empty when it may be.
     */
    static Optional<String> placeholder(Structure.Whole whole, long size, MediaType type, MediaCandidate candidate) {
        Pixels own = whole.pixels();
        if (own == null || !type.suits(MediaKind.IMAGE)) {
            return Optional.empty();
        }
        boolean tiny = size < TINY_FILE || Math.max(own.width(), own.height()) <= TINY_SIDE;
        return promised(candidate)
                .filter(promised -> tiny && promised.dwarfs(own, TIMES))
                .map(promised -> "placeholder of " + own + ", promised " + promised);
    }

    /** What is odd about the file, other dimensions than promised included. */
    static List<String> remarks(Structure.Whole whole, MediaCandidate candidate) {
        Pixels own = whole.pixels();
        List<String> remarks = new ArrayList<>(whole.remarks());
        if (own != null) {
            promised(candidate)
                    .filter(promised -> !promised.isAs(own))
                    .ifPresent(promised -> remarks.add("pixels " + own + ", promised " + promised));
        }
        return remarks;
    }

    private static Optional<Pixels> promised(MediaCandidate candidate) {
        Integer width = candidate.width();
        Integer height = candidate.height();
        return width == null || height == null || width <= 0 || height <= 0
                ? Optional.empty()
                : Optional.of(new Pixels(width, height));
    }
}
