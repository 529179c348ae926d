package io.github.notearchive.browse;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.browse.FoundWords.Part;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FoundWordsTests {

    /** Found words are in brackets. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            云 | 今天的云像云 | 今天的[云]像[云] | 今天的[云]像[云]
            Camp | a CAMP by the lake | a [CAMP] by the lake | a [CAMP] by the lake
            camp | Ｃａｍｐ🏕 | [Ｃａｍｐ]🏕 | [Ｃａｍｐ]🏕
            by lake | a camp by the lake | a camp [by] the [lake] | a camp [by] the [lake]
            aa | aaa | [aa]a | [aa]a
            ab bc | abc | [abc] | [abc]
            x | a camp | a camp | -
            🎨 | 012345678901234567890🎨 | 012345678901234567890[🎨] | …1234567890[🎨]
            """)
    void wordsAreMarkedInTheTextAndInItsExcerpt(String words, String text, String marked, String excerpt) {
        FoundWords found = new FoundWords(List.of(words));

        assertThat(marked(found.in(text))).isEqualTo(marked);
        assertThat(marked(found.excerpt(text))).isEqualTo(excerpt == null ? "" : excerpt);
    }

    private static String marked(List<Part> parts) {
        return parts.stream()
                .map(part -> part.isFound() ? "[" + part.text() + "]" : part.text())
                .collect(Collectors.joining());
    }
}
