def test_waits(page):
    # ruleid: sleeping-test
    time.sleep(1)
    # ruleid: sleeping-test
    page.wait_for_timeout(500)
