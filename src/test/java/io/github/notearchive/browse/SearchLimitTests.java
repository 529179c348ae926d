package io.github.notearchive.browse;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.Principal;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;

/** One search at a time for each reader. */
class SearchLimitTests {

    private final SearchLimit limit = new SearchLimit(Duration.ofMillis(50));

    @Test
    void secondSearchOfAReaderIsRefused() throws Exception {
        MockHttpServletRequest first = search("a", "cloud");
        MockHttpServletResponse refused = new MockHttpServletResponse();

        assertThat(limit.preHandle(first, new MockHttpServletResponse(), this)).isTrue();

        assertThat(limit.preHandle(search("a", "rain"), refused, this)).isFalse();
        assertThat(refused.getStatus()).isEqualTo(429);
        assertThat(limit.preHandle(search("b", "rain"), new MockHttpServletResponse(), this))
                .as("another reader")
                .isTrue();
        assertThat(limit.preHandle(search("a", null), new MockHttpServletResponse(), this))
                .as("no search")
                .isTrue();

        limit.afterCompletion(first, new MockHttpServletResponse(), this, null);

        assertThat(limit.preHandle(search("a", "rain"), new MockHttpServletResponse(), this))
                .isTrue();
    }

    @Test
    void secondSearchWaitsForTheFirst() throws Exception {
        SearchLimit patient = new SearchLimit(Duration.ofSeconds(30));
        MockHttpServletRequest first = search("a", "cloud");
        patient.preHandle(first, new MockHttpServletResponse(), this);

        CompletableFuture<Boolean> second = CompletableFuture.supplyAsync(() -> {
            try {
                return patient.preHandle(search("a", "rain"), new MockHttpServletResponse(), this);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        patient.afterCompletion(first, new MockHttpServletResponse(), this, null);

        assertThat(second.get()).isTrue();
    }

    private static MockHttpServletRequest search(String reader, String text) {
        MockHttpServletRequest request = new MockHttpServletRequest("GET", "/");
        Principal principal = () -> reader;
        request.setUserPrincipal(principal);
        if (text != null) {
            request.setParameter("q", text);
        }
        return request;
    }
}
