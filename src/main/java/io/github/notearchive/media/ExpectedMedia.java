package io.github.notearchive.media;

import io.github.notearchive.media.format.FileCheck;
import io.github.notearchive.media.format.FileCheck.Dimensions;
import io.github.notearchive.note.MediaCandidate;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Compares a downloaded picture or film with the dimensions in the provider's response, if that states both. */
final class ExpectedMedia {

    private static final int TINY_SIDE = 64;
    private static final long TINY_FILE = 200;
    private static final int FACTOR = 4;

    private ExpectedMedia() {}

    /**
     * Returns why the file is a placeholder, a tiny picture that a server sends instead of a large one that it lost;
     * empty if it is none.
     */
    static Optional<String> placeholder(FileCheck.Complete check, long size, MediaType type, MediaCandidate candidate) {
        Dimensions actual = check.dimensions();
        if (actual == null || !type.suits(MediaKind.IMAGE)) {
            return Optional.empty();
        }
        boolean tiny = size < TINY_FILE || actual.longSide() <= TINY_SIDE;
        return promised(candidate)
                .filter(promised -> tiny && promised.exceeds(actual, FACTOR))
                .map(promised -> "placeholder of " + actual + ", promised " + promised);
    }

    /** Returns the remarks of the check, and one if the dimensions differ. */
    static List<String> remarks(FileCheck.Complete check, MediaCandidate candidate) {
        Dimensions actual = check.dimensions();
        List<String> remarks = new ArrayList<>(check.remarks());
        if (actual != null) {
            promised(candidate)
                    .filter(promised -> !promised.isSameSize(actual))
                    .ifPresent(promised -> remarks.add("pixels " + actual + ", promised " + promised));
        }
        return remarks;
    }

    private static Optional<Dimensions> promised(MediaCandidate candidate) {
        Integer width = candidate.width();
        Integer height = candidate.height();
        return width == null || height == null || width <= 0 || height <= 0
                ? Optional.empty()
                : Optional.of(new Dimensions(width, height));
    }
}
