package io.github.notearchive.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.acceptance.Program.Ended;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Lists come in many forms. */
@ExtendWith(OutsideServers.Running.class)
class EnqueueTests {

    private static String id(int number) {
        return "65fe2a8d%016x".formatted(number);
    }

    @Test
    void everyFormOfAListIsTaken() throws Exception {
        try (Practice practice = Practice.begin(Place.OUTSIDE);
                Archive archive = practice.look()) {
            Path ids = practice.file("ids.txt", "\uFEFF" + id(1) + "\r\n" + id(2).toUpperCase() + "\r\n\r\n");
            Path links = practice.file(
                    "links.txt",
                    String.join(
                            "\n",
                            "https://www.xiaohongshu.com/explore/" + id(3),
                            "https://www.xiaohongshu.com/explore/" + id(4) + "?xsec_token=ABc&x=1#top",
                            "http://xiaohongshu.com/discovery/item/" + id(5) + "?app_platform=ios",
                            "34 【标题】 😆 Xy https://www.xiaohongshu.com/discovery/item/"
                                    + id(6)
                                    + "?source=webshare 复制本条信息"));
            Path csv = practice.file(
                    "named.csv", "title,Note_ID\n\"a, \"\"quoted\"\"\nname\"," + id(7) + "\nplain," + id(7) + "\n");
            Path semicolons = practice.file("column.csv", "x;" + id(8) + "\ny;" + id(1) + "\n");

            Ended lists = practice.call(
                            "enqueue",
                            ids.toString(),
                            links.toString(),
                            csv.toString(),
                            id(9),
                            "https://www.xiaohongshu.com/explore/" + id(10),
                            "--priority",
                            "7",
                            "--source",
                            "spring")
                    .with(0);
            Ended column = practice.call("enqueue", "--column", "2", semicolons.toString())
                    .with(0);
            Program piped = practice.start("enqueue", "-");
            try (OutputStream input = piped.input()) {
                input.write((id(11) + "\n" + id(9) + "\n").getBytes(StandardCharsets.UTF_8));
            }
            Ended standardInput = practice.end(piped).with(0);
            Ended again =
                    practice.call("enqueue", ids.toString(), links.toString()).with(0);

            assertThat(lists.out().lines())
                    .containsExactly(
                            ids + ": 2 new",
                            links + ": 4 new",
                            csv + ": 1 new, 1 duplicate",
                            id(9) + ": 1 new",
                            "https://www.xiaohongshu.com/explore/" + id(10) + ": 1 new");
            assertThat(column.out()).contains("1 new, 1 already known");
            assertThat(standardInput.out()).contains("standard input: 1 new, 1 already known");
            assertThat(again.out()).contains("0 new, 2 already known").contains("0 new, 4 already known");
            assertThat(archive.strings("SELECT note_id || ' ' || priority || ' ' || source FROM worklist ORDER BY 1"))
                    .containsExactly(
                            id(1) + " 7 spring",
                            id(2) + " 7 spring",
                            id(3) + " 7 spring",
                            id(4) + " 7 spring",
                            id(5) + " 7 spring",
                            id(6) + " 7 spring",
                            id(7) + " 7 spring",
                            id(8) + " 5 enqueue",
                            id(9) + " 7 spring",
                            id(10) + " 7 spring",
                            id(11) + " 5 enqueue");
            assertThat(archive.executions()).isEmpty();
        }
    }
}
