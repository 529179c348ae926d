package io.github.notearchive.archive.worklist;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.worklist.NoteListReader.Line;
import io.github.notearchive.note.NoteId;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NoteListReaderTests {

    private static final NoteId ID = new NoteId("66aa00000000000000000001");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "66aa00000000000000000001",
                "  66AA00000000000000000001\r",
                "\"66aa00000000000000000001\"",
                "https://www.xiaohongshu.com/explore/66aa00000000000000000001",
                "https://www.xiaohongshu.com/explore/66aa00000000000000000001?xsec_token=AB=&xsec_source=pc_feed",
                "HTTPS://WWW.XIAOHONGSHU.COM/EXPLORE/66AA00000000000000000001",
                "https://www.xiaohongshu.com/discovery/item/66aa00000000000000000001#x",
                "https://www.xiaohongshu.com/user/profile/5f00aa010000000001000aaa/66aa00000000000000000001",
                "https://www.rednote.com/explore/66aa00000000000000000001/",
                "xhsdiscover://item/66aa00000000000000000001",
                "62 山里的清晨 https://www.xiaohongshu.com/discovery/item/66aa00000000000000000001 打开小红书",
                "1,66aa00000000000000000001,some title",
                "66aa00000000000000000001,66aa00000000000000000001"
            })
    void idsLinksAndShareTextsNameTheirNote(String line) {
        assertThat(NoteListReader.parse(line)).isEqualTo(new Line.Note(ID));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "   ", "\t\r", "# 66aa00000000000000000001"})
    void blankLinesAndCommentsAreEmpty(String line) {
        assertThat(NoteListReader.parse(line)).isEqualTo(new Line.Empty());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "hello | contains neither",
                "66aa0000000000000000000 | contains neither",
                "66aa000000000000000000011 | contains neither",
                "66aa0000000000000000000g | contains neither",
                "https://www.xiaohongshu.com/user/profile/5f00aa010000000001000aaa | contains neither",
                "https://xhslink.com/a/AbCd | is a short link",
                "66aa00000000000000000001 66aa00000000000000000002 | names 2 notes",
                "\" | contains neither"
            })
    void otherLinesAreInvalidWithAReason(String line, String reason) {
        assertThat(NoteListReader.parse(line))
                .isInstanceOfSatisfying(
                        Line.Invalid.class,
                        unusable -> assertThat(unusable.reason()).startsWith(reason));
    }
}
