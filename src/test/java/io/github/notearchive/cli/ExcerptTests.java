package io.github.notearchive.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ExcerptTests {

    private static final String LONG = "一二三四五六七八九十".repeat(10);

    @Test
    void shortTextIsComplete() {
        assertThat(Excerpt.of("周末去\n山里露营", "露营")).isEqualTo("周末去 山里露营");
    }

    @Test
    void longTextIsCutAroundTheFirstWord() {
        String text = LONG + "这里ＯＯＴＤ穿搭" + LONG;

        assertThat(Excerpt.of(text, "穿搭 ootd")).isEqualTo("…三四五六七八九十这里ＯＯＴＤ穿搭" + LONG.substring(0, 24) + "…");
    }

    @Test
    void expandedCharactersDoNotShiftTheExcerpt() {
        String text = "……㍿".repeat(50) + "露营";

        assertThat(Excerpt.of(text, "露营")).endsWith("㍿露营").hasSize(13);
    }

    @Test
    void textWithoutTheWordsIsCutAfterTheBeginning() {
        assertThat(Excerpt.of(LONG, "露营")).isEqualTo(LONG.substring(0, 40) + "…");
    }

    @Test
    void surrogatePairsAreNotSplit() {
        assertThat(Excerpt.of("😀".repeat(100), "露营")).isEqualTo("😀".repeat(40) + "…");
    }
}
