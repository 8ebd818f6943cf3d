// The key stands behind the # of a personal link, where no server sees it: it is posted once, and gone from the address.
const key = location.hash.slice(1);
if (key) {
  history.replaceState(null, "", location.pathname);
  document.getElementById("key").value = key;
  document.getElementById("enter").requestSubmit();
}
