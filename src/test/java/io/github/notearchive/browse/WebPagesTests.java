package io.github.notearchive.browse;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.SmallArchive;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.openqa.selenium.Keys;

/** The pages in a real browser. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class WebPagesTests {

    private static final long FIRST_PAGE = 150_000;

    private BrowseServer server;
    private SmallArchive archive;
    private Browser browser;

    @BeforeAll
    void start() throws IOException {
        server = BrowseServer.start("web-pages", Map.of());
        archive = SmallArchive.whole(server.store());
        browser = new Browser(server.url(), server.cookie());
    }

    @AfterAll
    void close() {
        browser.close();
        archive.close();
        server.close();
    }

    @BeforeEach
    void showWithScript() {
        browser.show(1400, false, true);
    }

    static List<String> pages() {
        String file = SmallArchive.sha256(SmallArchive.bytes("film.mp4"));
        return List.of(
                "/",
                "/?q=published%3A2026-02",
                "/?q=%E5%9B%BD%E9%A3%8E&lang=zh",
                "/?q=nothingmatchesthis",
                "/notes/" + SmallArchive.HOSTILE,
                "/notes/" + SmallArchive.LIVE,
                "/notes/" + SmallArchive.PICTURES,
                "/notes/" + SmallArchive.FILM,
                "/notes/" + SmallArchive.GONE,
                "/notes/" + SmallArchive.EDITED + "?lang=zh",
                "/notes/" + SmallArchive.GAPS,
                "/notes/" + SmallArchive.EDITED + "/captures/2026-03-22T04:00:00Z?lang=en",
                "/notes/" + SmallArchive.EDITED + "/diff?from=2026-03-21T04:00:00Z&to=2026-03-23T04:00:00Z",
                "/authors/" + SmallArchive.TWO_NAMES,
                "/topics/%E5%9B%BD%E9%A3%8E",
                "/files/" + file,
                "/gone",
                "/survival",
                "/survival?by=author&lang=zh",
                "/edited",
                "/nights",
                "/nights/2026-03-11/main",
                "/nights/2026-03-12/main?lang=zh",
                "/health");
    }

    @Tag("long")
    @ParameterizedTest
    @MethodSource("pages")
    void eachPageIsValidInEachSizeAndColorSchemeAndWithoutScript(String page) {
        List<String> findings = new ArrayList<>();
        for (boolean hasScript : List.of(true, false)) {
            for (boolean isDark : List.of(false, true)) {
                for (int width : List.of(360, 1400)) {
                    browser.show(width, isDark, hasScript);
                    browser.open(page);
                    String where = "%d px, %s, %s: "
                            .formatted(width, isDark ? "dark" : "light", hasScript ? "script" : "no script");
                    findings(hasScript).forEach(finding -> findings.add(where + finding));
                }
            }
        }

        assertThat(findings).isEmpty();
    }

    private List<String> findings(boolean hasScript) {
        Stream<String> wide = browser.is("document.documentElement.scrollWidth > innerWidth")
                ? Stream.of("scrolls to the side")
                : Stream.empty();
        Stream<String> foreign = browser.traffic().requests().stream()
                .filter(request -> !isOwn(request))
                .map(request -> "requests " + request);
        Stream<String> rules = hasScript ? browser.violations().stream() : Stream.empty();
        return Stream.of(wide, foreign, browser.complaints().stream(), rules)
                .flatMap(each -> each)
                .toList();
    }

    private boolean isOwn(URI request) {
        return List.of("blob", "data").contains(request.getScheme())
                || server.url().getAuthority().equals(request.getAuthority());
    }

    @Tag("long")
    @ParameterizedTest
    @ValueSource(strings = {"/notes/%s", "/notes/%s/captures/2026-03-21T04:00:00Z"})
    void hostileTextsDoNotRunOnPagesOfNotes(String page) {
        assertInert(IntStream.range(0, SmallArchive.HOSTILE_TEXTS.size())
                .mapToObj(i -> page.formatted(SmallArchive.hostileNote(i))));
    }

    @Test
    void hostileTextsDoNotRunAsSearchAuthorOrTopic() {
        assertInert(IntStream.range(0, SmallArchive.HOSTILE_TEXTS.size())
                .boxed()
                .flatMap(i -> {
                    String text = Site.encode(SmallArchive.HOSTILE_TEXTS.get(i));
                    return Stream.of("/?q=" + text, "/authors/" + SmallArchive.hostileAuthor(i));
                }));
        assertInert(Stream.of("/survival?by=author", "/survival?by=topic", "/survival?by=source"));
    }

    private void assertInert(Stream<String> pages) {
        List<String> findings = new ArrayList<>();
        pages.forEach(page -> {
            browser.open(page);
            boolean isOwned = !browser.is("window.owned === undefined");
            boolean isForeign = !browser.traffic().requests().stream().allMatch(this::isOwn);
            boolean hasElement = browser.is(
                    "document.querySelector('main :is(script, iframe, base, form, meta, style, math, object, embed)') !== null"
                            + " || [...document.querySelectorAll('*')].some(e => [...e.attributes].some(a => /^(on|style$|srcdoc)/.test(a.name))"
                            + " || /^(javascript|data):/i.test(e.getAttribute('href') ?? ''))");
            boolean isWide = browser.is("document.documentElement.scrollWidth > innerWidth");
            if (isOwned || isForeign || hasElement || isWide) {
                findings.add("%s: script %s, other host %s, element %s, wide %s"
                        .formatted(page, isOwned, isForeign, hasElement, isWide));
            }
        });
        assertThat(findings).isEmpty();
        // an invalid filter is answered with 400, which the console reports
        assertThat(browser.complaints())
                .allMatch(complaint -> complaint.contains("a status of 400") || complaint.contains("a status of 404"));
    }

    @Test
    void keyboardOpensNotesTurnsSlidesAndSearches() {
        browser.open("/");
        browser.press("j");
        browser.await("document.activeElement === document.querySelectorAll('[data-card]')[0]");
        browser.press("j", "j", "k");
        browser.await("document.activeElement === document.querySelectorAll('[data-card]')[1]");
        browser.press("?");
        browser.await("document.querySelector('dialog.keys').open");
        browser.escape();
        browser.await("!document.querySelector('dialog.keys').open");
        browser.press("/");
        browser.await("document.activeElement.name === 'q'");
        browser.press("jk?");
        browser.await("document.activeElement.value === 'jk?'");
        browser.escape();
        browser.await("document.activeElement === document.body");
        browser.press(Keys.ARROW_RIGHT);
        browser.await("location.search.includes('after=')");
        browser.press(Keys.ARROW_LEFT);
        browser.await("location.search.includes('before=')");

        browser.open("/notes/" + SmallArchive.PICTURES);
        browser.press(Keys.ARROW_RIGHT);
        browser.await("document.querySelector('[data-slide]').parentElement.scrollLeft > 0");
        browser.press(Keys.ARROW_LEFT);
        browser.await("document.querySelector('[data-slide]').parentElement.scrollLeft === 0");
        browser.press("j");
        browser.await("location.pathname.startsWith('/notes/') && !location.pathname.endsWith('" + SmallArchive.PICTURES
                + "')");
    }

    @Test
    void lightboxShowsSlidesAndTheirPixels() {
        browser.open("/notes/" + SmallArchive.PICTURES);
        browser.click(".zoom");
        browser.await("document.querySelector('.stage img').complete");
        assertThat(browser.violations()).isEmpty();
        browser.press(Keys.ARROW_RIGHT);
        browser.await("document.querySelector('[data-lightbox] output').value.startsWith('2 / ')");
        browser.click("[data-lightbox] .strip a");
        browser.await("document.querySelector('[data-lightbox] .strip a').ariaCurrent === 'true'");
        browser.click(".stage img");
        browser.await("document.querySelector('.pixels img').currentSrc.includes('/media/')");
        browser.press("j");
        browser.escape();
        browser.await("!document.querySelector('[data-lightbox]').open && location.pathname.endsWith('"
                + SmallArchive.PICTURES + "')");

        browser.open("/notes/" + SmallArchive.GAPS);
        browser.click(".zoom");
        browser.press(Keys.ARROW_RIGHT);
        browser.await("document.querySelector('.stage').textContent.includes('GONE')");
        assertThat(browser.complaints()).isEmpty();
    }

    @Test
    void suggestionsCompleteTheLastWordOfTheSearch() {
        browser.open("/");
        browser.type("form.search input", "type:normal 国");
        browser.await("document.querySelectorAll('[role=option]').length > 0");
        assertThat(browser.violations()).isEmpty();
        browser.press(Keys.ARROW_DOWN);
        assertThat(browser.is("document.querySelector('[aria-selected=true]').id"
                        + " === document.querySelector('form.search input').getAttribute('aria-activedescendant')"))
                .isTrue();
        browser.press(Keys.ENTER);

        assertThat(browser.evaluate("document.querySelector('form.search input').value"))
                .isEqualTo("type:normal topic:国风 ");
        browser.press(Keys.ENTER);
        browser.await("new URLSearchParams(location.search).get('q')?.trim() === 'type:normal topic:国风'"
                + " && document.querySelectorAll('[data-card]').length > 1");
    }

    @Test
    void searchNamesTheTermThatIsInvalid() {
        browser.open("/?q=colour%3Ared");

        assertThat(browser.evaluate("document.querySelector('[role=alert]').textContent"))
                .asString()
                .contains("colour");
        assertThat(browser.complaints()).hasSize(1).allMatch(complaint -> complaint.contains("400"));
    }

    @Test
    void firstPageIsSmall() {
        browser.command("Network.clearBrowserCache", Map.of());
        browser.traffic();
        browser.open("/");

        Browser.Traffic traffic = browser.traffic();

        assertThat(traffic.bytes()).isBetween(5_000L, FIRST_PAGE);
        assertThat(traffic.requests()).allMatch(this::isOwn);
    }

    @Test
    void erasedNoteIsNowhere() {
        browser.open("/?q=" + Site.encode("\"erased title\""));
        assertThat(browser.is("document.querySelector('main [data-card]') === null"))
                .isTrue();

        browser.open("/notes/" + SmallArchive.ERASED);
        assertThat(browser.is("document.body.textContent.includes('erased title')"))
                .isFalse();
        browser.complaints();
    }
}
