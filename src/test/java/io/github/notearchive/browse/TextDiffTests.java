package io.github.notearchive.browse;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.browse.TextDiff.Change;
import io.github.notearchive.browse.TextDiff.Piece;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextDiffTests {

    /** Removed parts are in brackets, added ones in braces. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            ignoreLeadingAndTrailingWhitespace = false,
            emptyValue = "",
            value = {
                "same|same|same",
                "''|new|{new}",
                "old|''|[old]",
                "''|''|''",
                "今天去露营|今天不去露营|今天{不}去露营",
                "price 100 yuan|price 120 yuan|price [100]{120} yuan",
                "one/two/three|one/three|one/[two/]three",
                "one/two|one/2/two|one/{2/}two",
                "👨‍👩‍👧 a|👨‍👩‍👦 a|[👨‍👩‍👧]{👨‍👩‍👦} a",
            })
    void changesAreMarkedByWordsAndCharacters(String before, String after, String expected) {
        assertThat(marked(TextDiff.of(lines(before), lines(after))).replace('\n', '/'))
                .isEqualTo(expected);
    }

    @Test
    void absentTextIsEmpty() {
        assertThat(TextDiff.of(null, null)).isEmpty();
        assertThat(marked(TextDiff.of(null, "x"))).isEqualTo("{x}");
    }

    @Test
    void longTextsAreComparedByLines() {
        String same = "好".repeat(10_000) + "\n";

        assertThat(marked(TextDiff.of(same + "one word", same + "two word"))).isEqualTo(same + "[one word]{two word}");
    }

    @Test
    void textsOfManyDifferentPartsAreReplacedAsAWhole() {
        String before = lines(6_000, 1);
        String after = lines(6_000, 2);

        assertThat(marked(TextDiff.of(before, after))).isEqualTo("[" + before + "]{" + after + "}");
    }

    @Test
    void bothTextsCanBeRestoredFromTheirDifference() {
        Random random = new Random(7);
        for (int i = 0; i < 500; i++) {
            String before = text(random);
            String after = text(random);
            List<Piece> pieces = TextDiff.of(before, after);

            assertThat(joined(pieces, false)).isEqualTo(before);
            assertThat(joined(pieces, true)).isEqualTo(after);
        }
    }

    @Test
    void excerptKeepsTheSurroundingsOfChanges() {
        List<Piece> pieces =
                TextDiff.of("a".repeat(50) + " 1 " + "b".repeat(50), "a".repeat(50) + " 2 " + "b".repeat(50));

        assertThat(marked(TextDiff.excerpt(pieces, 3))).isEqualTo(" … aa [1]{2} bb … ");
    }

    private static String lines(String text) {
        return text.replace('/', '\n');
    }

    private static String lines(int count, int seed) {
        return new Random(seed).ints(count).mapToObj(Integer::toString).collect(Collectors.joining("\n"));
    }

    private static String text(Random random) {
        return random.ints(random.nextInt(30), 0, 5)
                .mapToObj(i -> List.of("a", "b", "好", " ", "\n").get(i))
                .collect(Collectors.joining());
    }

    private static String joined(List<Piece> pieces, boolean after) {
        return pieces.stream()
                .filter(piece -> piece.change() != (after ? Change.REMOVED : Change.ADDED))
                .map(Piece::text)
                .collect(Collectors.joining());
    }

    private static String marked(List<Piece> pieces) {
        return pieces.stream()
                .map(piece -> switch (piece.change()) {
                    case SAME -> piece.text();
                    case REMOVED -> "[" + piece.text() + "]";
                    case ADDED -> "{" + piece.text() + "}";
                })
                .collect(Collectors.joining());
    }
}
