"""What the rules find, in a file that is never run. `ruleid:` names the rule that must find the next line."""

# ruleid: calls-outside
import httpx
# ruleid: calls-outside
import urllib.request
# ruleid: calls-outside
from urllib.request import urlopen
# ruleid: demo-in-the-product
from demo.cast import CAST
# ruleid: demo-in-the-product
from demo import cast
from urllib.parse import urlsplit


def markup(text):
    # ruleid: unescaped-text
    mark_safe(text)
    # ruleid: unescaped-text
    SafeString(text)
    # ruleid: markup-put-together
    format_html(f"<b>{text}</b>")
    # ruleid: markup-put-together
    format_html("<b>" + text + "</b>")
    return format_html("<b>{}</b>", text)


def catches():
    # ruleid: catches-everything
    try:
        act()
    except Exception:
        pass
    # ruleid: catches-everything
    try:
        act()
    except BaseException as error:
        pass
    # ruleid: catches-everything
    with contextlib.suppress(Exception):
        act()
    try:
        act()
    except ValueError:
        pass


def records(request, pk):
    # ruleid: record-past-the-selector
    Seat.objects.get(pk=request.GET["seat"])
    # ruleid: record-past-the-selector
    get_object_or_404(Seat, pk=pk)
    # ruleid: record-past-the-selector
    get_object_or_404(Seat.objects.filter(state="held"), pk=pk)
    get_object_or_404(Agency, code=pk)
    return get_object_or_404(seats_visible_to(request.actor), pk=pk)


@allow(Role.ADMINISTRATOR)
def everything(request, pk):
    return get_object_or_404(Seat, pk=pk)


def statements(request, cursor, seat, column):
    # ruleid: sql-put-together-from-data
    cursor.execute(f"SELECT 1 FROM t WHERE a = '{request.GET['a']}'")
    order = request.POST["order"]
    statement = f"SELECT 1 FROM t ORDER BY {order}"
    # ruleid: sql-put-together-from-data
    cursor.execute(statement)
    # ruleid: sql-with-formatted-value
    cursor.execute("SELECT 1 FROM t ORDER BY %s" % column)
    # ruleid: sql-with-formatted-value
    cursor.execute(f"SELECT 1 FROM t WHERE id = {seat.pk}")
    cursor.execute("SELECT 1 FROM t WHERE id = %s", [request.GET["id"]])


# ruleid: no-csrf-check
@csrf_exempt
def post(request): ...


# ruleid: open-without-rule
@login_not_required
def forgotten(request): ...


@login_not_required
@allow()
def ruled(request): ...


def shells(name):
    # ruleid: through-a-shell
    subprocess.run(f"ls {name}", shell=True)
    # ruleid: through-a-shell
    os.system("ls")
    subprocess.run(["ls", name])


def times():
    # ruleid: own-clock
    timezone.now()
    # ruleid: own-clock
    datetime.now(UTC)
    # ruleid: own-clock
    date.today()
    return clock.now()


def logs(user, seat):
    # ruleid: secret-in-a-log
    log.info("signed in: %s", user.email)
    # ruleid: secret-in-a-log
    logger.warning(f"refused {request.headers}")
    log.info("seat %s granted", seat.pk)


def reads(data):
    # ruleid: unsafe-reading
    pickle.loads(data)
    # ruleid: unsafe-reading
    eval(data)
    return json.loads(data)


def claims():
    # ruleid: claim-without-a-limit
    bad = "UPDATE m SET s = 1 WHERE id IN (SELECT id FROM m ORDER BY id LIMIT 2 FOR UPDATE SKIP LOCKED)"
    good = "WITH due AS MATERIALIZED (SELECT id FROM m LIMIT 2 FOR UPDATE SKIP LOCKED) UPDATE m SET s = 1 WHERE id IN (SELECT id FROM due)"
    return bad, good
