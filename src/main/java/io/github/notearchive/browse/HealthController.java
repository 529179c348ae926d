package io.github.notearchive.browse;

import io.github.notearchive.report.HealthCheck;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Map;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** The health of the archive, as {@code status} prints it. */
@RestController
record HealthController(HealthCheck check, PageRenderer pages) {

    @GetMapping("/health")
    ResponseEntity<String> health(HttpServletRequest request) {
        return pages.page(request, "browse/health", Map.of("health", check.check()));
    }
}
